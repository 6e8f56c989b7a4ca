using System.CommandLine;
using Gateway.Hosting;

namespace Gateway.Cli;

/// <summary><c>gateway run</c>: production.</summary>
internal static class RunCommand
{
    public static Command Create()
    {
        var config = ConfigurationFile.CreateOption();
        var command = new Command("run", "Serve what the configuration says (production).") { config };
        command.SetAction((parsed, cancellationToken) =>
            RunAsync(parsed.GetRequiredValue(config), parsed.InvocationConfiguration.Error, cancellationToken));
        return command;
    }

    private static async Task<int> RunAsync(string path, TextWriter error, CancellationToken cancellationToken)
    {
        var (configuration, errors) = ConfigurationFile.ReadWithCertificates(path);
        if (errors.Count > 0)
        {
            ConfigurationFile.WriteErrors(error, path, errors);
            return ExitCode.Failure;
        }

        if (configuration.Endpoints.Count == 0)
        {
            error.WriteLine($"{path}: Kestrel:Endpoints: no endpoint to serve; add \"https\": {{ \"Url\": \"https://*:443\" }} there.");
            return ExitCode.Failure;
        }

        if (!configuration.SslEnabled)
        {
            configuration = EndpointOverrides.ForPlainHttp(configuration);
        }

        await using var gateway = await StartedGateway.StartAsync(configuration, HostMode.Run, lan: false, error, cancellationToken);
        if (gateway is null)
        {
            return ExitCode.Failure;
        }

        await gateway.LogReportAsync(cancellationToken);
        await gateway.App.WaitForShutdownAsync(cancellationToken);
        return ExitCode.Success;
    }
}
