using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Gateway.EndToEnd.Certificates;

/// <summary>A certificate for localhost and its key, as texts.</summary>
internal sealed record PemPair(string Certificate, string Key, string SerialNumber)
{
    private static readonly DateTimeOffset Now = TimeProvider.System.GetUtcNow();

    public static PemPair Create()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=localhost", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName("localhost");
        request.CertificateExtensions.Add(names.Build());
        using var certificate = request.CreateSelfSigned(Now.AddHours(-1), Now.AddDays(30));
        return new PemPair(certificate.ExportCertificatePem() + "\n", key.ExportPkcs8PrivateKeyPem() + "\n", certificate.SerialNumber);
    }
}
