using System.Diagnostics;
using Gateway.Platform;

namespace Gateway.Cli;

/// <summary>The command after <c>--</c>: runs beside the gateway, its output prefixed, its whole process tree stopped with the gateway.</summary>
internal sealed class ChildCommand : IAsyncDisposable
{
    private static readonly TimeSpan TimeToStop = TimeSpan.FromSeconds(5);

    private readonly Process _process;

    private ChildCommand(Process process)
    {
        _process = process;
        AppDomain.CurrentDomain.ProcessExit += EndAtOnce;
    }

    /// <summary>Starts it in this process's folder and environment.</summary>
    /// <param name="command">The program and its arguments; no shell looks at them.</param>
    /// <param name="output">Gets every line of its output, prefixed.</param>
    /// <exception cref="System.ComponentModel.Win32Exception">The program cannot be started.</exception>
    public static ChildCommand Start(IReadOnlyList<string> command, TextWriter output)
    {
        var start = new ProcessStartInfo(command[0])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
        };
        foreach (var argument in command.Skip(1))
        {
            start.ArgumentList.Add(argument);
        }

        var prefix = Path.GetFileNameWithoutExtension(command[0]);
        var process = new Process { StartInfo = start };
        process.OutputDataReceived += (_, line) => WriteLine(output, prefix, line.Data);
        process.ErrorDataReceived += (_, line) => WriteLine(output, prefix, line.Data);
        HostPlatform.Current.AdoptOrphans();
        process.Start();
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        return new ChildCommand(process);
    }

    /// <summary>Waits for the process itself; what it started may outlive it until <see cref="DisposeAsync"/>.</summary>
    /// <returns>Its exit code.</returns>
    public async Task<int> WaitForExitAsync(CancellationToken cancellationToken)
    {
        // Process.WaitForExitAsync also waits for the end of the output, which a grandchild that lives on keeps open.
        var exited = new TaskCompletionSource();
        _process.Exited += (_, _) => exited.TrySetResult();
        _process.EnableRaisingEvents = true;
        await exited.Task.WaitAsync(cancellationToken);
        return _process.ExitCode;
    }

    /// <summary>Asks the process tree to end, and ends it after 5 s.</summary>
    public async ValueTask DisposeAsync()
    {
        AppDomain.CurrentDomain.ProcessExit -= EndAtOnce;
        using (_process)
        {
            await HostPlatform.Current.StopTreeAsync(_process, TimeToStop);
        }
    }

    // A second Ctrl-C: the gateway goes at once, and must not leave the services behind.
    private void EndAtOnce(object? sender, EventArgs e) => HostPlatform.Current.StopTreeAsync(_process, TimeSpan.Zero).Wait(TimeToStop);

    private static void WriteLine(TextWriter output, string prefix, string? line)
    {
        if (line is not null)
        {
            output.WriteLine($"{prefix} | {line}");
        }
    }
}
