using System.CommandLine;
using System.Text.Json;

namespace Gateway.Cli;

/// <summary><c>gateway status</c>: how the running gateway is, once.</summary>
internal static class StatusCommand
{
    public static Command Create()
    {
        var config = ConfigurationFile.CreateOption();
        var dev = DevOption();
        var json = new Option<bool>("--json") { Description = "Print /status.json as it is." };
        var command = new Command("status", "Show how the running gateway is: routes, calls, services, certificates, problems. Ends with 1 when it is not ready or not there.")
        {
            config, dev, json,
        };
        command.SetAction((parsed, cancellationToken) => RunAsync(
            parsed.GetRequiredValue(config), parsed.GetValue(dev), parsed.GetValue(json),
            parsed.InvocationConfiguration.Output, parsed.InvocationConfiguration.Error, cancellationToken));
        return command;
    }

    internal static Option<bool> DevOption() => new("--dev") { Description = "Ask a gateway that was started with `gateway dev`." };

    private static async Task<int> RunAsync(string config, bool dev, bool json, TextWriter output, TextWriter error, CancellationToken cancellationToken)
    {
        using var client = AdminClient.Open(config, dev, error);
        if (client is null)
        {
            return ExitCode.Failure;
        }

        try
        {
            if (json)
            {
                output.WriteLine(await client.ReadTextAsync(cancellationToken));
                return ExitCode.Success;
            }

            var status = await client.ReadAsync(cancellationToken);
            StatusText.Write(status, output);
            return status.IsReady ? ExitCode.Success : ExitCode.Failure;
        }
        catch (Exception exception) when (exception is HttpRequestException or JsonException or OperationCanceledException && !cancellationToken.IsCancellationRequested)
        {
            error.WriteLine(client.Explain(exception));
            return ExitCode.Failure;
        }
    }
}
