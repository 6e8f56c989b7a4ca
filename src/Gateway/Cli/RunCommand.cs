using System.CommandLine;
using Gateway.Configuration;
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
        var source = new ConfigurationSource(path, () => Read(path));
        var (configuration, errors) = source.Read();
        if (errors.Count > 0)
        {
            ConfigurationFile.WriteErrors(error, path, errors);
            return ExitCode.Failure;
        }

        await using var gateway = await StartedGateway.StartAsync(configuration, source, HostMode.Run, phones: null, error, cancellationToken);
        if (gateway is null)
        {
            return ExitCode.Failure;
        }

        await gateway.LogReportAsync(cancellationToken);
        await gateway.App.WaitForShutdownAsync(cancellationToken);
        return ExitCode.Success;
    }

    private static ConfigurationResult Read(string path)
    {
        var (configuration, errors) = ConfigurationFile.ReadWithCertificates(path);
        if (configuration.Endpoints.Count == 0 && errors.Count == 0)
        {
            return new ConfigurationResult(configuration, [new ConfigurationError(
                path, "Kestrel:Endpoints", null, "there is no endpoint to serve", "add one: \"https\": { \"Url\": \"https://*:443\" }")]);
        }

        return new ConfigurationResult(configuration.SslEnabled ? configuration : EndpointOverrides.ForPlainHttp(configuration), errors);
    }
}
