using System.ComponentModel;
using System.Diagnostics;
using System.Text;

namespace Gateway.Certificates.Automatic;

/// <summary>A program of the operator's, with arguments of its own if need be. Never run through a shell.</summary>
internal sealed class HookCommand(string commandLine, TimeSpan limit, TimeProvider time)
{
    private const int LongestOutput = 1000;
    private const UnixFileMode Executable = UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute;

    /// <summary>Runs it to its end.</summary>
    /// <param name="arguments">After its own arguments.</param>
    /// <param name="environment">On top of the gateway's.</param>
    /// <param name="cancellationToken">Ends it, with all that it has started.</param>
    /// <exception cref="HookException">It does not start, takes too long, or ends with another exit code than 0.</exception>
    public async Task RunAsync(
        IEnumerable<string> arguments, IReadOnlyDictionary<string, string> environment, CancellationToken cancellationToken)
    {
        var words = Split(commandLine);
        var start = new ProcessStartInfo(words[0], words.Skip(1).Concat(arguments))
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
        };
        foreach (var (key, value) in environment)
        {
            start.Environment[key] = value;
        }

        using var process = Start(start);
        process.StandardInput.Close();
        var said = new StringBuilder();
        var reading = Task.WhenAll(ReadAsync(process.StandardOutput, said), ReadAsync(process.StandardError, said));

        using var timeout = new CancellationTokenSource(limit, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, cancellationToken);
        try
        {
            await process.WaitForExitAsync(either.Token);

            // What it left in the background may hold its output open.
            await reading.WaitAsync(either.Token);
        }
        catch (OperationCanceledException) when (process.HasExited && !cancellationToken.IsCancellationRequested)
        {
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            cancellationToken.ThrowIfCancellationRequested();
            throw new HookException($"'{commandLine}' did not end within {limit.TotalSeconds:0} s{Quote(said)}");
        }

        if (process.ExitCode != 0)
        {
            throw new HookException($"'{commandLine}' ended with exit code {process.ExitCode}{Quote(said)}");
        }
    }

    /// <summary>Splits at spaces, except within single or double quotes; a backslash is a backslash.</summary>
    public static IReadOnlyList<string> Split(string commandLine)
    {
        var words = new List<string>();
        StringBuilder? word = null;
        var quote = '\0';
        foreach (var character in commandLine)
        {
            if (quote != '\0' ? character == quote : character is '"' or '\'')
            {
                quote = quote == '\0' ? character : '\0';
                word ??= new StringBuilder();
            }
            else if (quote == '\0' && char.IsWhiteSpace(character))
            {
                Add();
            }
            else
            {
                (word ??= new StringBuilder()).Append(character);
            }
        }

        Add();
        return words.Count > 0 ? words : [commandLine];

        void Add()
        {
            if (word is not null)
            {
                words.Add(word.ToString());
                word = null;
            }
        }
    }

    /// <summary>Why a program cannot be started as far as a look at the disk tells; null when nothing is wrong.</summary>
    public static string? Obstacle(string commandLine)
    {
        var program = Split(commandLine)[0];
        if (!Path.IsPathRooted(program))
        {
            return null;
        }

        return !File.Exists(program) ? $"there is no file {program}"
            : !OperatingSystem.IsWindows() && (File.GetUnixFileMode(program) & Executable) == 0 ? $"{program} is not executable: chmod +x {program}"
            : null;
    }

    private Process Start(ProcessStartInfo start)
    {
        try
        {
            return Process.Start(start)!;
        }
        catch (Exception e) when (e is Win32Exception or InvalidOperationException)
        {
            throw new HookException($"'{commandLine}' does not start: {e.Message}", e);
        }
    }

    private static async Task ReadAsync(StreamReader reader, StringBuilder said)
    {
        var buffer = new char[1024];
        int read;
        while ((read = await reader.ReadAsync(buffer)) > 0)
        {
            lock (said)
            {
                said.Append(buffer, 0, Math.Min(read, Math.Max(0, LongestOutput - said.Length)));
            }
        }
    }

    private static string Quote(StringBuilder said)
    {
        lock (said)
        {
            var text = string.Join(' ', said.ToString().Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));
            return text.Length == 0 ? " and said nothing" : $" and said: {new string([.. text.Select(c => char.IsControl(c) ? ' ' : c)])}";
        }
    }
}

/// <summary>Why a program of the operator's did not do its work.</summary>
internal sealed class HookException(string message, Exception? cause = null) : Exception(message, cause);

/// <summary>What was asked for cannot be done as this gateway is configured; the message ends with what to configure.</summary>
internal sealed class NotConfiguredException(string message) : Exception(message);
