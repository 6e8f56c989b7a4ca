using System.CommandLine;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Gateway.Acme;
using Gateway.Certificates;
using Gateway.Certificates.Automatic;

namespace Gateway.Cli;

/// <summary>`gateway cert revoke`: has the CA declare a certificate invalid, and the running gateway get another.</summary>
internal static class CertRevokeCommand
{
    public static Command Create(CertContext context)
    {
        var config = CertCommand.ConfigOption();
        var name = new Argument<string>("NAME") { Description = "The name whose certificate is to be revoked." };
        var reason = new Option<RevocationReason?>("--reason")
        {
            Description = "Why; KeyCompromise when somebody else may have the private key.",
            HelpName = "REASON",
        };
        var command = new Command("revoke", "Have the CA revoke a certificate, and the running gateway get a new one.") { name, reason, config };
        command.SetAction((parsed, cancellationToken) => RunAsync(
            context, parsed.GetRequiredValue(config), parsed.GetRequiredValue(name), parsed.GetValue(reason), parsed.InvocationConfiguration, cancellationToken));
        return command;
    }

    private static async Task<int> RunAsync(
        CertContext context, FileInfo config, string text, RevocationReason? reason, InvocationConfiguration console, CancellationToken cancellationToken)
    {
        var command = $"gateway cert revoke {text} --config {config}";
        if (context.OpenAcme(config, command, console.Error) is not { } state || Parse(text, console.Error) is not { } name)
        {
            return ExitCode.Failure;
        }

        try
        {
            if (state.Certificate(name) is not var (certificate, issuer))
            {
                console.Error.WriteLine(
                    $"There is no certificate for {name} from {string.Join(" or ", state.Options.Issuers.Select(one => one.DirectoryUrl))} in {state.Folder.StateDirectory}. `gateway cert show` lists what there is.");
                return ExitCode.Failure;
            }

            var wasRevoked = await RevokeAsync(state, certificate, issuer, reason, context.Clock, cancellationToken);
            var aside = CertificateStore.PutRevokedAside(state.Folder, issuer, name, context.Clock);
            console.Output.WriteLine(
                $"{name}: {(wasRevoked ? "was revoked already" : "revoked")}: the certificate issued by {certificate.Issuer}, serial number {certificate.Leaf.SerialNumber}. It was put aside as {aside}.");
        }
        catch (Exception e) when (e is AcmeException or CertificateFileException or CryptographicException or IOException or UnauthorizedAccessException)
        {
            console.Error.WriteLine($"{name}: not revoked. {Sentence.Of(e.Message)} {AcmeAdvice.For(e, name)}".TrimEnd());
            return ExitCode.Failure;
        }

        if (!state.Names.Contains(name))
        {
            return ExitCode.Success;
        }

        // Where no gateway runs there is none to go on with the revoked one either: all is done that can be.
        var outcomes = await CertRenewCommand.AskAsync(state, [name], dryRun: false, command, context.Clock, console, cancellationToken);
        return outcomes.All(status => status is AskedStatus.Succeeded or AskedStatus.NobodyThere) ? ExitCode.Success : ExitCode.Failure;
    }

    /// <returns>Whether it was revoked already.</returns>
    private static async Task<bool> RevokeAsync(
        AcmeState state, ServedCertificate certificate, Uri directory, RevocationReason? reason, TimeProvider clock, CancellationToken cancellationToken)
    {
        var roots = new X509Certificate2Collection();
        foreach (var path in state.Options.Issuers.First(issuer => issuer.DirectoryUrl == directory).TrustedRoots)
        {
            roots.AddRange(TrustedRoots.Read(path));
        }

        // The certificate's own key may revoke it (RFC 8555 section 7.6), also when the account is lost.
        using var http = AcmeHttp.CreateClient(roots.Count > 0 ? roots : null);
        using var key = AcmeKey.From((AsymmetricAlgorithm?)certificate.Leaf.GetECDsaPrivateKey() ?? certificate.Leaf.GetRSAPrivateKey()!);
        var client = await AcmeClient.ConnectAsync(http, directory, clock, cancellationToken);
        try
        {
            await client.RevokeAsync(certificate.Leaf, key, reason, cancellationToken);
            return false;
        }
        catch (AcmeException e) when (e.Is(AcmeProblem.AlreadyRevoked))
        {
            return true;
        }
    }

    private static AcmeIdentifier? Parse(string text, TextWriter error)
    {
        try
        {
            return AcmeIdentifier.Parse(text);
        }
        catch (FormatException e)
        {
            error.WriteLine(e.Message);
            return null;
        }
    }
}
