using System.CommandLine;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Gateway.Certificates;
using Gateway.Platform;

namespace Gateway.Cli;

/// <summary>`gateway cert untrust`: takes the local authority out of the trust stores again; its files stay.</summary>
internal static class CertUntrustCommand
{
    public static Command Create(CertContext context)
    {
        var config = CertCommand.ConfigOption();
        var command = new Command("untrust", "Take the local authority out of the trust stores again.") { config };
        command.SetAction(parsed => Run(context, parsed.GetRequiredValue(config), parsed.InvocationConfiguration));
        return command;
    }

    private static int Run(CertContext context, FileInfo config, InvocationConfiguration console)
    {
        // The root alone is read, so that an authority can be taken out that has expired or lost its key.
        var path = LocalAuthority.RootPathIn(context.StateDirectory(context.Read(config).Configuration));
        try
        {
            using var root = X509CertificateLoader.LoadCertificateFromFile(path);
            return CertTrustReport.Apply(
                context, new TrustAnchor(root, path), (store, anchor) => store.Remove(anchor), "gateway cert untrust", console);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException || !File.Exists(path))
        {
            console.Output.WriteLine($"There is no local authority ({path}), so there is nothing to take out.");
            return 0;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or CryptographicException)
        {
            console.Error.WriteLine($"The root {path} cannot be read: {e.Message} Take \"Gateway local CA\" out of the trust stores by hand.");
            return 1;
        }
    }
}
