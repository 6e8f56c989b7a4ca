using System.CommandLine;
using Gateway.Boundary.Access;
using Gateway.Certificates;
using Gateway.Certificates.Automatic;
using Gateway.Configuration;
using Gateway.FrontEnd;
using Gateway.Hosting;
using Gateway.Observability;
using Gateway.Platform;
using Gateway.Proxying;

namespace Gateway.Cli;

/// <summary>The <c>--config</c> option that several verbs share, and the reading of what it names.</summary>
internal static class ConfigurationFile
{
    public static Option<string> CreateOption() => new("--config")
    {
        Description = "The configuration file.",
        HelpName = "FILE",
        DefaultValueFactory = _ => "gateway.json",
    };

    /// <summary>Reads the file and everything that it names, as <c>run</c> serves it.</summary>
    public static ConfigurationResult ReadWithCertificates(string path)
    {
        var result = ConfigurationReader.Read(path, ProcessEnvironment.Variables());
        var (configuration, errors) = result;
        return result with
        {
            Errors =
            [
                .. errors,
                .. CertificateFilesValidator.Validate([.. configuration.Certificates, .. configuration.EndpointCertificates]),
                .. OtherFiles(configuration),
                .. StateDirectoryErrors(configuration),
            ],
        };
    }

    /// <summary>What is wrong with the files that the configuration names, certificates excepted.</summary>
    public static IEnumerable<ConfigurationError> OtherFiles(GatewayConfiguration configuration) =>
    [
        .. TrustedRoots.Validate(configuration),
        .. SigningKeyFiles.Validate(configuration),
        .. StaticFilesValidator.Validate(configuration),
        .. ErrorPagesValidator.Validate(configuration),
        .. AccessLogValidator.Validate(configuration),
    ];

    // The keys in it have modes of their own; a folder that others may write to or list is a sign that more is wrong.
    private static IEnumerable<ConfigurationError> StateDirectoryErrors(GatewayConfiguration configuration)
    {
        const string Key = "Gateway:StateDirectory";
        var path = CertificateSources.StateDirectory(configuration);
        if (Directory.Exists(path) && UnixAccess.ModeOpenToOthers(path) is { } mode)
        {
            yield return new ConfigurationError(
                configuration.Locate(Key), Key, path, $"everybody on this machine can look into it (mode {mode}), and private keys are kept there", $"run: chmod o= {path}");
        }
    }

    public static void WriteErrors(TextWriter error, string path, IReadOnlyList<ConfigurationError> errors)
    {
        foreach (var mistake in errors)
        {
            error.WriteLine(mistake);
        }

        error.WriteLine($"{path} is not valid: {(errors.Count == 1 ? "1 error" : $"{errors.Count} errors")}.");
    }
}
