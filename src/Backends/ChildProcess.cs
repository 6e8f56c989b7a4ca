using System.ComponentModel;
using System.Diagnostics;
using System.Text;

namespace Backends;

/// <summary>What a child process printed; the standard error is its last part.</summary>
internal sealed record ChildOutput(int ExitCode, string StandardOutput, string StandardError)
{
    /// <summary>The last line of the standard error, where programs say why they gave up; else the exit code.</summary>
    public string Complaint =>
        StandardError.Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries).LastOrDefault()
        ?? $"exit code {ExitCode}";
}

/// <summary>Runs a program without a shell, within a time, and never leaves it behind.</summary>
internal static class ChildProcess
{
    private const int OutputLimit = 1 << 20;
    private const int ComplaintLimit = 8 << 10;

    // More programs at once than this make all of them slower, not faster; the others wait their turn.
    private static readonly SemaphoreSlim Slots = new(Math.Max(2, Environment.ProcessorCount));

    /// <exception cref="EngineException">It cannot be started, takes too long, or prints more than a mebibyte.</exception>
    public static async Task<ChildOutput> RunAsync(
        string path, IEnumerable<string> arguments, string? input, TimeSpan timeout, CancellationToken cancellationToken)
    {
        var name = Path.GetFileNameWithoutExtension(path);
        await Slots.WaitAsync(cancellationToken);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(timeout);
        try
        {
            using var process = Start(path, arguments, name);
            try
            {
                var complaint = ReadAsync(process.StandardError, ComplaintLimit, keepReading: true, limit.Token);
                var output = ReadAsync(process.StandardOutput, OutputLimit, keepReading: false, limit.Token);
                await WriteAsync(process.StandardInput, input, limit.Token);
                var text = await output ?? throw new EngineException($"{name} printed more than {OutputLimit} characters");
                var errors = await complaint ?? "";
                await process.WaitForExitAsync(limit.Token);
                return new ChildOutput(process.ExitCode, text, errors);
            }
            finally
            {
                if (!process.HasExited)
                {
                    process.Kill(entireProcessTree: true);
                    process.WaitForExit(TimeSpan.FromSeconds(1));
                }
            }
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new EngineException($"{name} did not finish within {timeout.TotalSeconds:0} s");
        }
        finally
        {
            Slots.Release();
        }
    }

    /// <summary>The full path of a program on PATH, or null when it is not installed.</summary>
    public static string? Find(string name, string? searchPath)
    {
        var file = OperatingSystem.IsWindows() ? name + ".exe" : name;
        return (searchPath ?? "").Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries)
            .Select(folder => Path.Combine(folder, file)).FirstOrDefault(File.Exists);
    }

    private static Process Start(string path, IEnumerable<string> arguments, string name)
    {
        var utf8 = new UTF8Encoding(encoderShouldEmitUTF8Identifier: false);
        var start = new ProcessStartInfo(path, arguments)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            StandardInputEncoding = utf8,
            StandardOutputEncoding = utf8,
            StandardErrorEncoding = utf8,
            UseShellExecute = false,
            CreateNoWindow = true,
        };
        try
        {
            return Process.Start(start) ?? throw new EngineException($"{name} did not start");
        }
        catch (Win32Exception failure)
        {
            throw new EngineException($"cannot start {path}: {failure.Message}", failure);
        }
    }

    private static async Task WriteAsync(StreamWriter stream, string? input, CancellationToken cancellationToken)
    {
        try
        {
            await stream.WriteAsync(input.AsMemory(), cancellationToken);
            stream.Close();
        }
        catch (IOException)
        {
            // It ended without reading all of its input; its exit code and complaint say why.
        }
    }

    // Null when there was more than the limit. With keepReading the rest is thrown away, so that the writer is not blocked.
    private static async Task<string?> ReadAsync(StreamReader reader, int limit, bool keepReading, CancellationToken cancellationToken)
    {
        var text = new StringBuilder();
        var buffer = new char[4096];
        int count;
        while ((count = await reader.ReadAsync(buffer, cancellationToken)) > 0)
        {
            text.Append(buffer, 0, count);
            if (text.Length <= limit)
            {
                continue;
            }
            if (!keepReading)
            {
                return null;
            }
            text.Remove(0, text.Length - limit);
        }
        return text.ToString();
    }
}
