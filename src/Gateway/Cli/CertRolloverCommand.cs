using System.CommandLine;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Gateway.Acme;
using Gateway.Certificates;
using Gateway.Certificates.Automatic;
using Gateway.Configuration;

namespace Gateway.Cli;

/// <summary>`gateway cert rollover`: gives the accounts at the CAs other keys.</summary>
internal static class CertRolloverCommand
{
    public static Command Create(CertContext context)
    {
        var config = CertCommand.ConfigOption();
        var command = new Command("rollover", "Give the account at each CA another key, for when somebody else may have it; certificates stay as they are.") { config };
        command.SetAction((parsed, cancellationToken) => RunAsync(
            context, parsed.GetRequiredValue(config), parsed.InvocationConfiguration, cancellationToken));
        return command;
    }

    private static async Task<int> RunAsync(
        CertContext context, FileInfo config, InvocationConfiguration console, CancellationToken cancellationToken)
    {
        if (context.OpenAcme(config, $"gateway cert rollover --config {config}", console.Error) is not { } state)
        {
            return ExitCode.Failure;
        }

        // An order that is under way would lose the account that it is signed with.
        if (state.Names.FirstOrDefault(name => state.IsWorkedOn(name, context.Clock.GetUtcNow())) is { } busy)
        {
            console.Error.WriteLine($"The gateway is at work on {busy} just now: try again in a minute.");
            return ExitCode.Failure;
        }

        var exitCode = ExitCode.Success;
        foreach (var issuer in state.Options.Issuers)
        {
            if (!await RunAsync(state, issuer, context.Clock, console, cancellationToken))
            {
                exitCode = ExitCode.Failure;
            }
        }

        return exitCode;
    }

    private static async Task<bool> RunAsync(
        AcmeState state, AcmeIssuerOptions issuer, TimeProvider clock, InvocationConfiguration console, CancellationToken cancellationToken)
    {
        var path = state.Folder.AccountKey(issuer.DirectoryUrl);
        try
        {
            var roots = new X509Certificate2Collection();
            foreach (var root in issuer.TrustedRoots)
            {
                roots.AddRange(TrustedRoots.Read(root));
            }

            using var http = AcmeHttp.CreateClient(roots.Count > 0 ? roots : null);
            var hasAccount = File.Exists(path)
                && await AccountKeyRollover.RunAsync(await AcmeClient.ConnectAsync(http, issuer.DirectoryUrl, clock, cancellationToken), path, cancellationToken);
            console.Output.WriteLine(hasAccount
                ? $"{issuer.DirectoryUrl}: the account has another key, and the one before is worthless. It is kept in {path}."
                : $"{issuer.DirectoryUrl}: there is no account yet; the gateway makes one with its first order.");
            return true;
        }
        catch (Exception e) when (e is AcmeException or CertificateFileException or CryptographicException or IOException or UnauthorizedAccessException)
        {
            console.Error.WriteLine($"{issuer.DirectoryUrl}: the key is not changed. {Sentence.Of(e.Message)} Run it again when that is mended: it goes on where it stopped.");
            return false;
        }
    }
}
