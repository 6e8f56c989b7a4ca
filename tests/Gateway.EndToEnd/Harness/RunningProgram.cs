using System.Diagnostics;

namespace Gateway.EndToEnd.Harness;

/// <summary>What a program wrote and how it ended.</summary>
internal sealed record ProgramResult(int ExitCode, string Output, string Error)
{
    public override string ToString() => $"exit code {ExitCode}\n--- output ---\n{Output}\n--- error ---\n{Error}";
}

/// <summary>A program that was started, with its output by lines; ended with all that it has started.</summary>
internal sealed class RunningProgram : IAsyncDisposable
{
    private const int Sigint = 2;
    private const int Sigterm = 15;

    // The machine that runs this may be busy with other things.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly Process _process;
    private readonly string _commandLine;
    private readonly Task _outputEnded;

    private RunningProgram(Process process, ProcessFamily family, string commandLine)
    {
        (_process, Family, _commandLine) = (process, family, commandLine);
        _outputEnded = Task.WhenAll(Task.Run(() => ReadAsync(process.StandardOutput, Output)), Task.Run(() => ReadAsync(process.StandardError, Error)))
            .ContinueWith(_ => All.End(), TaskScheduler.Default);
    }

    /// <summary>Standard output and standard error as they came.</summary>
    public ProgramOutput All { get; } = new();

    public ProgramOutput Output { get; } = new();

    public ProgramOutput Error { get; } = new();

    public int ProcessId => _process.Id;

    public bool HasExited => _process.HasExited;

    /// <summary>It and all that it has started.</summary>
    public ProcessFamily Family { get; }

    /// <param name="path">The program.</param>
    /// <param name="arguments">As it gets them; no shell looks at them.</param>
    /// <param name="folder">Its home and state; without one it has this process's.</param>
    /// <param name="environment">More variables; null removes one.</param>
    /// <param name="workingDirectory">The test's folder unless given.</param>
    public static RunningProgram Start(
        string path,
        IEnumerable<string> arguments,
        TestFolder? folder = null,
        IReadOnlyDictionary<string, string?>? environment = null,
        string? workingDirectory = null)
    {
        var start = new ProcessStartInfo(path, arguments)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
            WorkingDirectory = workingDirectory ?? folder?.Path ?? "",
        };
        var family = new ProcessFamily();
        SetEnvironment(start.Environment, folder, environment);
        family.Mark(start.Environment);
        var process = new Process { StartInfo = start };
        process.Start();
        process.StandardInput.Close();
        return new RunningProgram(process, family, $"{path} {string.Join(' ', start.ArgumentList)}");
    }

    /// <summary>Runs a program to its end, for a minute at most.</summary>
    public static async Task<ProgramResult> RunAsync(
        string path,
        IEnumerable<string> arguments,
        TestFolder? folder = null,
        IReadOnlyDictionary<string, string?>? environment = null,
        string? workingDirectory = null,
        TimeSpan? timeout = null)
    {
        await using var program = Start(path, arguments, folder, environment, workingDirectory);
        return await program.WaitForExitAsync(timeout);
    }

    /// <summary>Waits for a line of either stream that contains a text.</summary>
    public Task<string> WaitForLineAsync(string text, TimeSpan? timeout = null) =>
        WaitForLineAsync(line => line.Contains(text, StringComparison.Ordinal), $"a line with '{text}'", timeout: timeout);

    /// <summary>Waits for a line of either stream.</summary>
    /// <param name="isWanted">Which one.</param>
    /// <param name="what">The same in words, for the message of a failure.</param>
    /// <param name="after">How many lines of <see cref="All"/> to pass over.</param>
    /// <param name="timeout">A minute unless given.</param>
    public async Task<string> WaitForLineAsync(Predicate<string> isWanted, string what = "the line", int after = 0, TimeSpan? timeout = null)
    {
        try
        {
            return await All.WaitForAsync(isWanted, after, timeout ?? Patience, TestContext.Current.CancellationToken);
        }
        catch (Exception e) when (e is EndOfStreamException or TimeoutException)
        {
            var state = e is TimeoutException ? "still runs without" : "ended without";
            throw new InvalidOperationException($"{_commandLine}\n{state} {what}; it wrote:\n{All.Text}", e);
        }
    }

    /// <summary>Waits for the program itself and for the end of its output.</summary>
    public async Task<ProgramResult> WaitForExitAsync(TimeSpan? timeout = null)
    {
        try
        {
            var limit = timeout ?? Patience;
            await _process.WaitForExitAsync(TestContext.Current.CancellationToken).WaitAsync(limit);
            await _outputEnded.WaitAsync(limit);
            return new ProgramResult(_process.ExitCode, Output.Text, Error.Text);
        }
        catch (TimeoutException e)
        {
            throw new InvalidOperationException($"{_commandLine}\ndid not end; it wrote:\n{All.Text}", e);
        }
    }

    /// <summary>As <c>systemctl stop</c> does.</summary>
    public void Terminate() => ProcessFamily.Send(ProcessId, Sigterm);

    /// <summary>As Ctrl-C does to a program that was started with setsid.</summary>
    public void InterruptGroup() => ProcessFamily.Send(-ProcessId, Sigint);

    public async ValueTask DisposeAsync()
    {
        Family.Kill();
        await _outputEnded.WaitAsync(Patience);
        _process.Dispose();
        // The console shows it for a failed test only.
        TestContext.Current.TestOutputHelper?.WriteLine($"$ {_commandLine}\n{All.Text}\n");
    }

    private static void SetEnvironment(
        IDictionary<string, string?> environment, TestFolder? folder, IReadOnlyDictionary<string, string?>? more)
    {
        // What the person has set who runs the tests would change what is tested.
        foreach (var name in environment.Keys.Where(IsSetting).ToArray())
        {
            environment.Remove(name);
        }

        if (folder is not null)
        {
            environment["HOME"] = folder.Home;
            environment["GATEWAY_Gateway__StateDirectory"] = folder.State;
            // Its port is the same for all; who is about it says where.
            environment["GATEWAY_Gateway__Admin"] = "off";
        }

        foreach (var (name, value) in more ?? new Dictionary<string, string?>())
        {
            if (value is null)
            {
                environment.Remove(name);
            }
            else
            {
                environment[name] = value;
            }
        }
    }

    private static bool IsSetting(string name) =>
        name.StartsWith("GATEWAY_", StringComparison.OrdinalIgnoreCase)
        || name.StartsWith("ASPNETCORE_", StringComparison.Ordinal)
        || name.StartsWith("SUDO_", StringComparison.Ordinal)
        || name.StartsWith("XDG_", StringComparison.Ordinal)
        || name.StartsWith("STT_", StringComparison.Ordinal)
        || name is "ENABLE_SSL" or "SSL_CERT_PATH" or "SSL_KEY_PATH" or "STATE_DIRECTORY" or "VOICE_PORT" or "VIDEO_PORT" or "WEB_PORT";

    private async Task ReadAsync(StreamReader reader, ProgramOutput output)
    {
        try
        {
            while (await reader.ReadLineAsync() is { } line)
            {
                All.Add(line);
                output.Add(line);
            }
        }
        finally
        {
            output.End();
        }
    }
}
