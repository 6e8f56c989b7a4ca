using System.Formats.Asn1;
using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Gateway.Acme;

/// <summary>The self-signed certificate of a tls-alpn-01 answer (RFC 8737 section 3, RFC 8738 section 5).</summary>
internal static class TlsAlpnCertificate
{
    /// <summary>The only protocol in the ClientHello of a validating CA (RFC 8737 section 6.2).</summary>
    public const string Protocol = "acme-tls/1";

    private const string AcmeIdentifierOid = "1.3.6.1.5.5.7.1.31";

    public static X509Certificate2 Create(AcmeIdentifier identifier, byte[] digest, TimeProvider time)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=ACME challenge", key, HashAlgorithmName.SHA256);

        // Exactly one name, and the digest in a critical extension.
        var names = new SubjectAlternativeNameBuilder();
        if (identifier.Type == AcmeIdentifier.IpType)
        {
            names.AddIpAddress(IPAddress.Parse(identifier.Value));
        }
        else
        {
            names.AddDnsName(identifier.Value);
        }

        request.CertificateExtensions.Add(names.Build());
        var octets = new AsnWriter(AsnEncodingRules.DER);
        octets.WriteOctetString(digest);
        request.CertificateExtensions.Add(new X509Extension(AcmeIdentifierOid, octets.Encode(), critical: true));

        var now = time.GetUtcNow();
        using var ephemeral = request.CreateSelfSigned(now.AddDays(-1), now.AddDays(7));

        // Windows does not serve TLS with a key that lives in memory only.
        return X509CertificateLoader.LoadPkcs12(ephemeral.Export(X509ContentType.Pkcs12), password: null);
    }
}
