using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Gateway.Certificates;

namespace Gateway.Tests.Certificates;

/// <summary>A root and an intermediate that issue whatever a test wants.</summary>
internal sealed class TestIssuer
{
    private static readonly DateTimeOffset Start = TimeProvider.System.GetUtcNow();

    public TestIssuer()
    {
        var rootKey = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var root = Authority("CN=Test root", rootKey);
        Root = root.CreateSelfSigned(Start.AddYears(-5), Start.AddYears(20));

        var intermediateKey = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var intermediate = Authority("CN=Test intermediate", intermediateKey);
        Intermediate = intermediate
            .Create(Root, Start.AddYears(-4), Start.AddYears(19), [1, 2, 3])
            .CopyWithPrivateKey(intermediateKey);
    }

    public static TestIssuer Shared { get; } = new();

    public X509Certificate2 Root { get; }

    public X509Certificate2 Intermediate { get; }

    /// <summary>A leaf with its key, for names and addresses.</summary>
    public X509Certificate2 Issue(
        string[] names, AsymmetricAlgorithm? key = null, DateTimeOffset? notBefore = null, DateTimeOffset? notAfter = null, string subject = "CN=leaf")
    {
        key ??= ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = key is RSA rsa
            ? new CertificateRequest(subject, rsa, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1)
            : new CertificateRequest(subject, (ECDsa)key, HashAlgorithmName.SHA256);
        var alternatives = new SubjectAlternativeNameBuilder();
        foreach (var name in names)
        {
            if (IPAddress.TryParse(name, out var address))
            {
                alternatives.AddIpAddress(address);
            }
            else
            {
                alternatives.AddDnsName(name);
            }
        }

        request.CertificateExtensions.Add(alternatives.Build());
        var generator = X509SignatureGenerator.CreateForECDsa(Intermediate.GetECDsaPrivateKey()!);
        var leaf = request.Create(
            Intermediate.SubjectName,
            generator,
            notBefore ?? Start.AddDays(-1),
            notAfter ?? Start.AddDays(90),
            RandomNumberGenerator.GetBytes(8));
        return key is RSA r ? leaf.CopyWithPrivateKey(r) : leaf.CopyWithPrivateKey((ECDsa)key);
    }

    public ServedCertificate Serve(
        string[] names, CertificateSource source = CertificateSource.File, DateTimeOffset? notBefore = null, DateTimeOffset? notAfter = null) =>
        new(Issue(names, notBefore: notBefore, notAfter: notAfter), [Intermediate], source, string.Join(' ', names));

    /// <summary>Leaf and intermediate in PEM form.</summary>
    public string Chain(X509Certificate2 leaf) => leaf.ExportCertificatePem() + "\n" + Intermediate.ExportCertificatePem() + "\n";

    public static string Key(X509Certificate2 leaf) =>
        (leaf.GetECDsaPrivateKey()?.ExportPkcs8PrivateKeyPem() ?? leaf.GetRSAPrivateKey()!.ExportPkcs8PrivateKeyPem()) + "\n";

    private static CertificateRequest Authority(string name, ECDsa key)
    {
        var request = new CertificateRequest(name, key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(X509BasicConstraintsExtension.CreateForCertificateAuthority());
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign, critical: true));
        return request;
    }
}
