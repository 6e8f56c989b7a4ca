using System.CommandLine;
using System.Text.Json;

namespace Gateway.Cli;

/// <summary><c>gateway top</c>: the same as <c>status</c>, live, until Ctrl-C.</summary>
internal static class TopCommand
{
    private static readonly TimeSpan Period = TimeSpan.FromSeconds(2);

    // To the upper left, each line to its end, what is left below: without the flicker of an empty screen in between.
    private const string Home = "\x1b[H";
    private const string EraseLine = "\x1b[K";
    private const string EraseBelow = "\x1b[J";

    public static Command Create()
    {
        var config = ConfigurationFile.CreateOption();
        var dev = StatusCommand.DevOption();
        var command = new Command("top", "Show routes, calls and services live, until Ctrl-C.") { config, dev };
        command.SetAction((parsed, cancellationToken) => RunAsync(
            parsed.GetRequiredValue(config), parsed.GetValue(dev), !Console.IsOutputRedirected, TimeProvider.System,
            parsed.InvocationConfiguration.Output, parsed.InvocationConfiguration.Error, cancellationToken));
        return command;
    }

    private static async Task<int> RunAsync(
        string config, bool dev, bool isTerminal, TimeProvider time, TextWriter output, TextWriter error, CancellationToken cancellationToken)
    {
        using var client = AdminClient.Open(config, dev, error);
        if (client is null)
        {
            return ExitCode.Failure;
        }

        using var interrupted = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        Console.CancelKeyPress += (_, pressed) =>
        {
            pressed.Cancel = true;
            interrupted.Cancel();
        };
        try
        {
            using var timer = new PeriodicTimer(Period, time);
            do
            {
                var status = await client.ReadAsync(interrupted.Token);
                using var text = new StringWriter();
                StatusText.Write(status, text);
                output.Write(isTerminal ? Screen(text.ToString()) : text.ToString());
                output.Flush();
            }
            while (await timer.WaitForNextTickAsync(interrupted.Token));

            return ExitCode.Success;
        }
        catch (OperationCanceledException) when (interrupted.IsCancellationRequested)
        {
            return ExitCode.Success;
        }
        catch (Exception exception) when (exception is HttpRequestException or JsonException or OperationCanceledException)
        {
            error.WriteLine(client.Explain(exception));
            return ExitCode.Failure;
        }
    }

    private static string Screen(string text)
    {
        var (width, height) = (Math.Max(20, Console.WindowWidth), Math.Max(5, Console.WindowHeight));
        var lines = text.Split('\n').Take(height - 1).Select(line => line.Length < width ? line : line[..(width - 1)]);
        return Home + string.Join(EraseLine + "\n", lines) + EraseBelow;
    }
}
