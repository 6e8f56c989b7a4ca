using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json;
using Gateway.Acme;
using Gateway.Configuration;

namespace Gateway.Certificates.Automatic;

/// <summary>An account in a file of the LettuceEncrypt package.</summary>
/// <param name="PrivateKey">DER.</param>
internal sealed record FormerAccount(byte[] PrivateKey);

/// <summary>
/// Takes over what the LettuceEncrypt package left in the state directory, <c>certs/*.pfx</c> and <c>accounts/**.json</c>, so that
/// moving from it costs no order. Its files stay as they are.
/// </summary>
internal sealed partial class FormerPackageImport(
    AcmeOptions options, AcmeFolder folder, CertificateStore store, TimeProvider time, ILogger<FormerPackageImport> logger)
{
    private static readonly TimeSpan DownloadLimit = TimeSpan.FromSeconds(10);

    private string Accounts => Path.Combine(folder.StateDirectory, "accounts");

    private string Certificates => Path.Combine(folder.StateDirectory, "certs");

    /// <summary>Takes over what is there and not yet known here; does nothing the second time.</summary>
    public void Run()
    {
        foreach (var issuer in options.Issuers.Select(issuer => issuer.DirectoryUrl).Where(issuer => !File.Exists(folder.AccountKey(issuer))))
        {
            ImportAccount(issuer);
        }

        var missing = options.DomainNames.Select(AcmeIdentifier.Parse)
            .Where(name => options.Issuers.All(issuer => !File.Exists(folder.Certificate(issuer.DirectoryUrl, name))))
            .ToList();
        if (missing.Count == 0 || !Directory.Exists(Certificates) || CertificateIssuer() is not { } from)
        {
            return;
        }

        var found = Directory.EnumerateFiles(Certificates, "*.pfx").Select(TryLoad).OfType<Pfx>().Where(pfx => IsOf(pfx, from)).ToList();
        foreach (var name in missing)
        {
            ImportCertificate(name, from, found);
        }
    }

    private void ImportAccount(Uri issuer)
    {
        var accounts = AccountFolder(issuer);
        if (!Directory.Exists(accounts))
        {
            return;
        }

        foreach (var path in Directory.EnumerateFiles(accounts, "*.json").Order())
        {
            try
            {
                var account = JsonSerializer.Deserialize(File.ReadAllBytes(path), AutomaticJson.Default.FormerAccount)
                    ?? throw new JsonException("It is empty.");
                using var key = ReadKey(account.PrivateKey);
                AtomicFile.CreateSecretFolder(folder.IssuerFolder(issuer));
                AtomicFile.TryCreate(folder.AccountKey(issuer), Encoding.ASCII.GetBytes(key.ExportPem() + "\n"), AtomicFile.Secret);
                LogAccount(path, issuer);
                return;
            }
            catch (Exception e) when (e is JsonException or CryptographicException or ArgumentException)
            {
                LogUnusable(path, e.Message, "a new account is made if no other is found");
            }
        }
    }

    private void ImportCertificate(AcmeIdentifier name, Uri issuer, List<Pfx> found)
    {
        var now = time.GetUtcNow();
        var best = found
            .Where(pfx => pfx.Leaf.MatchesHostname(name.Value.Replace("*.", "any.", StringComparison.Ordinal), allowWildcards: name.IsWildcard, allowCommonName: false))
            .Where(pfx => pfx.Leaf.NotBefore.ToUniversalTime() <= now.UtcDateTime && now.UtcDateTime < pfx.Leaf.NotAfter.ToUniversalTime())
            .OrderByDescending(pfx => pfx.Leaf.NotAfter)
            .FirstOrDefault();
        if (best is null)
        {
            return;
        }

        using AsymmetricAlgorithm? key = best.Leaf.GetECDsaPrivateKey() ?? (AsymmetricAlgorithm?)best.Leaf.GetRSAPrivateKey();
        if (key is not null)
        {
            store.Write(issuer, name, Chain(best), key.ExportPkcs8PrivateKeyPem());
            LogCertificate(name.Value, best.Path, new DateTimeOffset(best.Leaf.NotAfter));
        }
    }

    // The package kept the leaf alone; its issuer's address stands in it (RFC 5280 section 4.2.2.1).
    private static string Chain(Pfx pfx)
    {
        using var chain = new X509Chain();
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        chain.ChainPolicy.VerificationFlags = X509VerificationFlags.AllFlags;
        chain.ChainPolicy.UrlRetrievalTimeout = DownloadLimit;
        chain.ChainPolicy.ExtraStore.AddRange(pfx.Others);
        chain.Build(pfx.Leaf);
        var certificates = chain.ChainElements.Select(element => element.Certificate).ToList();
        certificates.RemoveAll(certificate => certificate.SubjectName.RawData.AsSpan().SequenceEqual(certificate.IssuerName.RawData));
        return new X509Certificate2Collection(certificates.DefaultIfEmpty(pfx.Leaf).ToArray()).ExportCertificatePems();
    }

    // Which CA a certificate is from is not written down: it is the one that there are accounts of.
    private Uri? CertificateIssuer()
    {
        var issuers = options.Issuers.Select(issuer => issuer.DirectoryUrl).ToList();
        return issuers.Find(issuer => Directory.Exists(AccountFolder(issuer))) ?? (Directory.Exists(Accounts) ? null : issuers[0]);
    }

    private string AccountFolder(Uri issuer) => Path.Combine(Accounts, issuer.Authority, issuer.LocalPath.TrimStart('/'));

    // Both of Let's Encrypt's servers may have been used, and the staging server's certificates say what they are.
    private static bool IsOf(Pfx pfx, Uri issuer)
    {
        var isStaging = pfx.Leaf.Issuer.Contains("STAGING", StringComparison.Ordinal) || pfx.Leaf.Issuer.Contains("Fake LE", StringComparison.Ordinal);
        return isStaging == (issuer == AcmeIssuerOptions.LetsEncryptStaging);
    }

    private Pfx? TryLoad(string path)
    {
        try
        {
            var all = X509CertificateLoader.LoadPkcs12CollectionFromFile(path, options.PfxPassword, X509KeyStorageFlags.Exportable | X509KeyStorageFlags.EphemeralKeySet);
            if (all.FirstOrDefault(certificate => certificate.HasPrivateKey) is { } leaf)
            {
                all.Remove(leaf);
                return new Pfx(path, leaf, all);
            }

            LogUnusable(path, "there is no private key in it", "a certificate is ordered if no other is found");
        }
        catch (CryptographicException e)
        {
            LogUnusable(path, e.Message, options.PfxPassword is null
                ? "if it has a password, set Gateway:Acme:PfxPassword to it"
                : "see that Gateway:Acme:PfxPassword is the password that it was written with");
        }

        return null;
    }

    private static AcmeKey ReadKey(byte[] der)
    {
        try
        {
            return AcmeKey.FromPkcs8(der);
        }
        catch (CryptographicException)
        {
            var key = ECDsa.Create();
            key.ImportECPrivateKey(der, out _);
            return AcmeKey.From(key);
        }
    }

    private sealed record Pfx(string Path, X509Certificate2 Leaf, X509Certificate2Collection Others);

    [LoggerMessage(EventId = 351, Level = LogLevel.Information, Message = "The account in {Path} goes on being used with {Issuer}")]
    private partial void LogAccount(string path, Uri issuer);

    [LoggerMessage(EventId = 352, Level = LogLevel.Information, Message = "The certificate for {Name} in {Path}, which expires {NotAfter:u}, was taken over")]
    private partial void LogCertificate(string name, string path, DateTimeOffset notAfter);

    [LoggerMessage(EventId = 353, Level = LogLevel.Warning, Message = "{Path} could not be taken over ({Reason}); {Remedy}")]
    private partial void LogUnusable(string path, string reason, string remedy);
}
