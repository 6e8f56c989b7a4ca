using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Gateway.Tests.Acme.Fake;

/// <summary>
/// Issues certificates: one intermediate key, certified by "Fake Root 1" and as many more roots as there are alternate chains.
/// The authorities are valid in every century that a test clock may show.
/// </summary>
internal sealed class FakeCertificateAuthority : IDisposable
{
    private static readonly DateTimeOffset Beginning = new(1990, 1, 1, 0, 0, 0, TimeSpan.Zero);
    private static readonly DateTimeOffset End = new(2190, 1, 1, 0, 0, 0, TimeSpan.Zero);

    private readonly ECDsa _intermediateKey = ECDsa.Create(ECCurve.NamedCurves.nistP256);
    private readonly List<X509Certificate2> _roots = [];
    private readonly List<X509Certificate2> _intermediates = [];

    public FakeCertificateAuthority(int alternateChains)
    {
        for (var number = 1; number <= 1 + alternateChains; number++)
        {
            using var rootKey = ECDsa.Create(ECCurve.NamedCurves.nistP256);
            var root = Authority($"CN=Fake Root {number}", rootKey).CreateSelfSigned(Beginning, End);
            var intermediate = Authority("CN=Fake Intermediate", _intermediateKey);
            intermediate.CertificateExtensions.Add(X509AuthorityKeyIdentifierExtension.CreateFromCertificate(root, true, false));
            _roots.Add(root);
            _intermediates.Add(intermediate.Create(root, Beginning, End, Serial()));
        }
    }

    public IReadOnlyList<X509Certificate2> Roots => _roots;

    /// <summary>The same leaf under each of the roots, PEM.</summary>
    public IReadOnlyList<string> Chains(X509Certificate2 leaf) =>
        [.. _intermediates.Select(intermediate => $"{leaf.ExportCertificatePem()}\n{intermediate.ExportCertificatePem()}\n")];

    public X509Certificate2 Issue(PublicKey key, X509Extension names, DateTimeOffset notBefore, DateTimeOffset notAfter)
    {
        var request = new CertificateRequest(new X500DistinguishedName(""), key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(false, false, 0, critical: true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.DigitalSignature, critical: true));
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid("1.3.6.1.5.5.7.3.1")], critical: false));
        request.CertificateExtensions.Add(X509AuthorityKeyIdentifierExtension.CreateFromCertificate(_intermediates[0], true, false));
        request.CertificateExtensions.Add(new X509SubjectAlternativeNameExtension(names.RawData, critical: true));
        var signer = X509SignatureGenerator.CreateForECDsa(_intermediateKey);
        return request.Create(_intermediates[0].SubjectName, signer, notBefore, notAfter, Serial());
    }

    /// <summary>The certificate of the CA's own endpoint, "localhost".</summary>
    public X509Certificate2 IssueForEndpoint()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName("localhost");
        using var certificate = Issue(new PublicKey(key), names.Build(), Beginning, End);
        using var withKey = certificate.CopyWithPrivateKey(key);
        return X509CertificateLoader.LoadPkcs12(withKey.Export(X509ContentType.Pkcs12), null);
    }

    public X509Certificate2Collection EndpointIntermediates => [_intermediates[0]];

    public void Dispose()
    {
        _intermediateKey.Dispose();
        _roots.ForEach(root => root.Dispose());
        _intermediates.ForEach(intermediate => intermediate.Dispose());
    }

    private static CertificateRequest Authority(string name, ECDsa key)
    {
        var request = new CertificateRequest(name, key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, critical: true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign | X509KeyUsageFlags.CrlSign, critical: true));
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, critical: false));
        return request;
    }

    private static byte[] Serial()
    {
        // The first bit set: the DER of such a serial number starts with a zero byte, which ARI identifiers must keep.
        var serial = RandomNumberGenerator.GetBytes(16);
        serial[0] |= 0x80;
        return [0, .. serial];
    }
}
