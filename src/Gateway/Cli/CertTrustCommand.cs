using System.CommandLine;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Gateway.Certificates;

namespace Gateway.Cli;

/// <summary>`gateway cert trust`: has the local authority trusted by this machine's programs and this user's browsers.</summary>
internal static class CertTrustCommand
{
    public static Command Create(CertContext context)
    {
        var config = CertCommand.ConfigOption();
        var command = new Command("trust", "Have this machine's programs and browsers trust the local authority of `gateway dev`.") { config };
        command.SetAction(parsed => Run(context, parsed.GetRequiredValue(config), parsed.InvocationConfiguration));
        return command;
    }

    private static int Run(CertContext context, FileInfo config, InvocationConfiguration console)
    {
        LocalAuthority? authority;
        try
        {
            var state = context.StateDirectory(context.Read(config).Configuration);

            // Under sudo the authority would be made as root's file, which the user's own gateway could not read.
            authority = context.SudoUser is null
                ? LocalAuthority.OpenOrCreate(state, context.Clock)
                : LocalAuthority.TryOpen(state, context.Clock);
        }
        catch (LocalAuthorityException e)
        {
            console.Error.WriteLine(e.Message);
            return 1;
        }

        if (authority is null)
        {
            console.Error.WriteLine(
                $"User {context.SudoUser?.Name} has no local authority yet. Run `gateway cert trust` without sudo first: it makes one and says what to run with sudo.");
            return 1;
        }

        var anchor = authority.Anchor;
        console.Output.WriteLine($"""
            {anchor.Certificate.GetNameInfo(X509NameType.SimpleName, forIssuer: false)}
              file:    {anchor.Path}
              SHA-256: {anchor.Certificate.GetCertHashString(HashAlgorithmName.SHA256)}
              expires: {anchor.Certificate.NotAfter.ToUniversalTime():yyyy-MM-dd}

            """);
        var exitCode = CertTrustReport.Apply(context, anchor, (store, root) => store.Install(root), "gateway cert trust", console);
        console.Output.WriteLine($"""

            Programs with a list of roots of their own:
              Python requests:  requests.get(url, verify="{anchor.Path}")
              Node.js:          NODE_EXTRA_CA_CERTS={anchor.Path}
            A phone or another machine: copy this file to it (never ca.key) and install it there as a trusted root certificate:
              {anchor.Path}
            """);
        return exitCode;
    }
}
