using System.CommandLine;
using Gateway.Configuration;
using Gateway.Hosting;

namespace Gateway.Cli;

/// <summary><c>gateway check</c>: says what <c>run</c> would serve, or everything that is wrong.</summary>
internal static class CheckCommand
{
    public static Command Create()
    {
        var config = ConfigurationFile.CreateOption();
        var command = new Command("check", "Check the configuration, the certificates that it names included, without serving.") { config };
        command.SetAction(parsed =>
        {
            var output = parsed.InvocationConfiguration;
            return Check(parsed.GetRequiredValue(config), output.Output, output.Error);
        });
        return command;
    }

    private static int Check(string path, TextWriter output, TextWriter error)
    {
        var (configuration, errors) = ConfigurationFile.ReadWithCertificates(path);
        if (errors.Count > 0)
        {
            ConfigurationFile.WriteErrors(error, path, errors);
            return ExitCode.Failure;
        }

        output.WriteLine($"{path}: valid");
        WriteSummary(configuration, output);
        return ExitCode.Success;
    }

    private static void WriteSummary(GatewayConfiguration configuration, TextWriter output)
    {
        output.WriteLine();
        output.WriteLine("Endpoints");
        foreach (var endpoint in configuration.Endpoints)
        {
            output.WriteLine($"  {endpoint.Name,-16} {endpoint.Url}");
        }

        output.WriteLine();
        output.WriteLine("Certificates");
        foreach (var certificate in configuration.Certificates)
        {
            output.WriteLine($"  {certificate.Path}");
        }

        WriteAcme(configuration, output);
        if (configuration.Certificates.Count == 0 && configuration.Acme is null)
        {
            output.WriteLine("  none configured: the local CA's, which other machines do not trust");
        }

        output.WriteLine();
        output.WriteLine("Routes");
        foreach (var route in RouteLine.All(configuration))
        {
            output.WriteLine($"  {route.Pattern,-24} -> {route.Answer ?? string.Join(", ", route.Destinations)}");
        }

        if (configuration.Gateway.StaticFiles is { } files)
        {
            output.WriteLine($"  {"everything else",-24} -> files in {files.Root}");
        }
    }

    private static void WriteAcme(GatewayConfiguration configuration, TextWriter output)
    {
        if (configuration.Acme is not { } acme)
        {
            return;
        }

        foreach (var line in AcmeLine.All(acme))
        {
            output.WriteLine($"  {line.Name,-24} automatic, from {line.Issuers}; proved by {line.Proof}");
        }

        foreach (var warning in AcmeLine.HookWarnings(acme))
        {
            output.WriteLine($"  warning: {warning}");
        }

        output.WriteLine("  obtained and renewed by `gateway run`; what there is so far, and what comes next, shows `gateway cert show`");
        if (configuration.Certificates.Count == 0)
        {
            output.WriteLine("  until the first is there: a temporary one of the local CA, which browsers warn of");
        }

        if (acme.RenewalCheckPeriod is not null)
        {
            output.WriteLine("  LettuceEncrypt:RenewalCheckPeriod has no effect: the gateway looks every few seconds whether a renewal is due");
        }
    }
}
