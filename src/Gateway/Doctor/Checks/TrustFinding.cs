using System.Security.Cryptography.X509Certificates;
using Gateway.Certificates;
using Gateway.Hosting;
using Gateway.Platform;

namespace Gateway.Doctor.Checks;

/// <summary>A certificate whose issuer this machine does not trust.</summary>
internal static class TrustFinding
{
    private static readonly string[] ChromiumPrograms =
        ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "brave-browser", "microsoft-edge", "vivaldi"];

    public static IEnumerable<Finding> Of(Examination examination, ShownCertificate shown)
    {
        if (Authority(examination) is { } authority && shown.Leaf.IssuerName.RawData.AsSpan().SequenceEqual(authority.Root.SubjectName.RawData))
        {
            return LocalAuthority(examination, authority.Anchor) is { } finding ? [finding] : [];
        }

        return Chain(examination, shown) is not { } problem ? []
            : IsLocal(shown) ? [problem with
            {
                Severity = Severity.Unknown,
                What = $"the local CA's certificate is served, which the system's trust store does not trust; whether browsers do could not be told: {examination.StateDirectory} is closed to this user",
                Remedy = "run this as root",
                Commands = [$"sudo {examination.OwnCommand} doctor{examination.ConfigArgument}"],
            }]
            : [problem];
    }

    /// <summary>Whether a local CA has issued it, by the name that the gateway gives them.</summary>
    public static bool IsLocal(ShownCertificate shown) =>
        shown.Leaf.GetNameInfo(X509NameType.SimpleName, forIssuer: true).StartsWith("Gateway local CA", StringComparison.Ordinal);

    private static LocalAuthority? Authority(Examination examination)
    {
        try
        {
            return Certificates.LocalAuthority.TryOpen(examination.StateDirectory, examination.Clock);
        }
        catch (LocalAuthorityException)
        {
            return null; // said among the certificates
        }
    }

    // Every store by itself: curl may trust it while the browser does not.
    private static Finding? LocalAuthority(Examination examination, TrustAnchor anchor)
    {
        var missing = examination.TrustStores.Where(IsUsed).Where(store => !store.Contains(anchor)).ToArray();
        if (missing.Length == 0)
        {
            return null;
        }

        string[] commands = missing.Any(store => store is NssDatabase) && NssDatabase.InstallCertUtil is { } install
            ? [install, $"{examination.OwnCommand} cert trust{examination.ConfigArgument}"]
            : [TrustCommand(examination)];
        return new Finding(
            Severity.Error,
            $"the local CA is not trusted by {string.Join(", nor by ", missing.Select(store => store.Name))}",
            "browsers say that the page is not secure, give it neither microphone nor camera, and refuse wss:// without asking",
            "have it trusted, do what that lists as [to do], and restart the browser",
            commands)
        {
            Repair = () => Install(examination, missing, anchor),
        };
    }

    private static string TrustCommand(Examination examination) =>
        $"{(examination is { Mode: HostMode.Run, Unit.StateDirectory: { } state } ? $"{Examination.Sudo}env STATE_DIRECTORY={state} " : "")}{examination.OwnCommand} cert trust{examination.ConfigArgument}";

    private static bool IsUsed(ITrustStore store) => store is not NssDatabase { Exists: false } || ChromiumPrograms.Any(ExternalCommand.Exists);

    private static string Install(Examination examination, ITrustStore[] stores, TrustAnchor anchor)
    {
        var sudo = SudoUser.From(ProcessEnvironment.Variables());
        var outcomes = stores.Select(store => sudo is not null && store is NssDatabase
            // Root would leave files in the user's home that the user's browser cannot open.
            ? (store, Outcome: new TrustOutcome(TrustStatus.Skipped, $"left to user {sudo.Name}: run `{examination.OwnCommand} cert trust` without sudo"))
            : (store, Outcome: store.Install(anchor))).ToArray();
        var done = string.Join("; ", outcomes.Select(o => $"{o.store.Name}: {o.Outcome.Message}"));
        return outcomes.All(o => o.Outcome.Status is TrustStatus.Done or TrustStatus.Unchanged)
            ? done
            : throw new UnauthorizedAccessException(done + string.Concat(outcomes.SelectMany(o => o.Outcome.Commands).Distinct().Select(c => "\n  " + c)));
    }

    private static Finding? Chain(Examination examination, ShownCertificate shown)
    {
        using var chain = new X509Chain();
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        // Not every client fetches what the server leaves out.
        chain.ChainPolicy.DisableCertificateDownloads = true;
        chain.ChainPolicy.VerificationFlags = X509VerificationFlags.IgnoreNotTimeValid;
        chain.ChainPolicy.ExtraStore.AddRange(shown.Chain);
        if (chain.Build(shown.Leaf))
        {
            return null;
        }

        var subject = shown.Leaf.GetNameInfo(X509NameType.SimpleName, forIssuer: false);
        var issuer = shown.Leaf.GetNameInfo(X509NameType.SimpleName, forIssuer: true);
        const string Why = "clients that do not know its issuer refuse it: browsers warn, and refuse wss:// without asking";
        if (shown.Leaf.SubjectName.RawData.AsSpan().SequenceEqual(shown.Leaf.IssuerName.RawData))
        {
            return new Finding(
                Severity.Error, $"the certificate for {subject} vouches for itself, and nothing here trusts it", Why,
                examination.Mode == HostMode.Dev
                    ? "leave SSL_CERT_PATH away: then the local CA's certificate is served, which can be trusted"
                    : "obtain a real one by LettuceEncrypt in gateway.json; on a machine for development use `gateway dev`",
                examination.Mode == HostMode.Dev ? ["unset SSL_CERT_PATH SSL_KEY_PATH"] : [])
            { Place = examination.Mode == HostMode.Dev ? null : examination.Configuration.Locate("Gateway:Certificates") };
        }

        if (issuer.Contains("STAGING", StringComparison.OrdinalIgnoreCase) || issuer.Contains("Fake", StringComparison.Ordinal))
        {
            return new Finding(Severity.Error, $"the certificate for {subject} is of a staging server ({issuer})", Why, "set UseStagingServer to false; the gateway obtains a real one at once")
            {
                Place = examination.Configuration.Locate("LettuceEncrypt:UseStagingServer"),
                Write = "\"UseStagingServer\": false",
            };
        }

        var isIncomplete = chain.ChainStatus.Any(s => s.Status == X509ChainStatusFlags.PartialChain);
        return new Finding(
            isIncomplete && shown.Chain.Count <= 1 ? Severity.Error : Severity.Warning,
            $"the certificate for {subject} is issued by {issuer}, whom this machine does not trust{(isIncomplete && shown.Chain.Count <= 1 ? ", and no intermediate certificate is served with it" : "")}",
            Why,
            isIncomplete && shown.Chain.Count <= 1
                ? "name the file with the whole chain (certbot: fullchain.pem, not cert.pem), or have its issuer's root installed on every client"
                : "if that is your company's CA, install its root on every client; here:",
            isIncomplete && shown.Chain.Count <= 1 ? [] : [$"{Examination.Sudo}cp YOUR-ROOT.crt /usr/local/share/ca-certificates/ && {Examination.Sudo}update-ca-certificates"])
        { Place = examination.Configuration.Locate("Gateway:Certificates") };
    }
}
