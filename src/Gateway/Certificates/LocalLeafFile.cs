using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Gateway.Platform;

namespace Gateway.Certificates;

/// <summary>
/// The local authority's certificate for this machine, kept with its key in one file, so that it is replaced whole.
/// Kept at all because a phone that was told to accept the certificate would have to be told again after each restart.
/// </summary>
internal sealed class LocalLeafFile(string folder, X509Certificate2 root)
{
    // Apple's systems refuse more than 398.
    private static readonly TimeSpan Life = TimeSpan.FromDays(397);
    private static readonly TimeSpan Backdating = TimeSpan.FromHours(1);

    private readonly string _path = Path.Combine(folder, "leaf.pem");

    /// <summary>Whether a leaf is for exactly these names and good for a while: a third of its life is left.</summary>
    public static bool Fits(ServedCertificate leaf, LocalNames names, DateTimeOffset now) =>
        leaf.NotBefore <= now
        && now < leaf.NotAfter - ((leaf.NotAfter - leaf.NotBefore) / 3)
        && leaf.DnsNames.ToHashSet().SetEquals(names.DnsNames)
        && leaf.Addresses.ToHashSet().SetEquals(names.Addresses);

    /// <summary>Null when there is none, or none of this authority that can be used: then a new one is issued, which costs nothing.</summary>
    public ServedCertificate? TryRead()
    {
        try
        {
            var text = File.ReadAllText(_path);
            using var leaf = X509Certificate2.CreateFromPem(text, text);
            return leaf.IssuerName.RawData.AsSpan().SequenceEqual(root.SubjectName.RawData) && IsSignedByRoot(leaf)
                ? Serve(leaf)
                : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or CryptographicException or ArgumentException)
        {
            return null;
        }
    }

    /// <summary>Issues one for these names.</summary>
    /// <returns>It, and what <see cref="Keep"/> takes.</returns>
    public (ServedCertificate Leaf, string Pem) Issue(LocalNames names, DateTimeOffset now)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var subject = new X500DistinguishedNameBuilder();

        // No host name in the CN: nobody reads it from there, and some verifiers hold it against the name constraints.
        subject.AddCommonName("Gateway local certificate");
        subject.AddOrganizationName("Gateway");

        var request = new CertificateRequest(subject.Build(), key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.AddServerExtensions(names);
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, critical: false));
        request.CertificateExtensions.Add(
            X509AuthorityKeyIdentifierExtension.CreateFromCertificate(root, includeKeyIdentifier: true, includeIssuerAndSerial: false));

        var notBefore = Later(now - Backdating, new DateTimeOffset(root.NotBefore));
        var notAfter = Earlier(notBefore + Life, new DateTimeOffset(root.NotAfter));
        using var bare = request.Create(root, notBefore, notAfter, RandomNumberGenerator.GetBytes(16));
        using var leaf = bare.CopyWithPrivateKey(key);
        return (Serve(leaf), leaf.ExportCertificatePem() + "\n" + key.ExportPkcs8PrivateKeyPem() + "\n");
    }

    /// <summary>Writes it in place of the one before.</summary>
    /// <exception cref="IOException">It cannot be written.</exception>
    /// <exception cref="UnauthorizedAccessException">It may not.</exception>
    public void Keep(string pem) => AtomicFile.Write(_path, Encoding.ASCII.GetBytes(pem), AtomicFile.Secret);

    private ServedCertificate Serve(X509Certificate2 leaf) => new(
        HostPlatform.Current.ImportKey(new X509Certificate2(leaf)),
        [],
        CertificateSource.LocalAuthority,
        root.GetNameInfo(X509NameType.SimpleName, forIssuer: false));

    private bool IsSignedByRoot(X509Certificate2 leaf)
    {
        using var chain = new X509Chain();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.CustomTrustStore.Add(root);
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        chain.ChainPolicy.DisableCertificateDownloads = true;

        // Its age is for Fits to judge, by the injected clock.
        chain.ChainPolicy.VerificationFlags = X509VerificationFlags.IgnoreNotTimeValid;
        return chain.Build(leaf);
    }

    private static DateTimeOffset Later(DateTimeOffset a, DateTimeOffset b) => a > b ? a : b;

    private static DateTimeOffset Earlier(DateTimeOffset a, DateTimeOffset b) => a < b ? a : b;
}
