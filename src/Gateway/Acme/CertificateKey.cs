using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Gateway.Acme;

/// <summary>The private key of a certificate, named as in JWS: what the operator writes as "KeyAlgorithm".</summary>
internal enum CertificateKeyAlgorithm
{
    /// <summary>EC P-256.</summary>
    ES256,

    /// <summary>EC P-384.</summary>
    ES384,

    /// <summary>RSA, 2048 bits unless said otherwise.</summary>
    RS256,
}

/// <summary>Makes the private key of a certificate and the request for it.</summary>
internal static class CertificateKey
{
    /// <param name="algorithm">The kind of key.</param>
    /// <param name="rsaBits">Only with RS256; null means 2048.</param>
    public static AsymmetricAlgorithm Create(CertificateKeyAlgorithm algorithm, int? rsaBits = null) => algorithm switch
    {
        CertificateKeyAlgorithm.ES256 => ECDsa.Create(ECCurve.NamedCurves.nistP256),
        CertificateKeyAlgorithm.ES384 => ECDsa.Create(ECCurve.NamedCurves.nistP384),
        CertificateKeyAlgorithm.RS256 => RSA.Create(rsaBits ?? 2048),
        _ => throw new ArgumentOutOfRangeException(nameof(algorithm), algorithm, "Not a key algorithm."),
    };

    /// <summary>The certificate request in DER: the names as subject alternative names and nothing else (RFC 8555 section 7.4).</summary>
    public static byte[] CreateRequest(AsymmetricAlgorithm key, IReadOnlyList<AcmeIdentifier> identifiers)
    {
        var subject = new X500DistinguishedName("");
        var request = key switch
        {
            ECDsa ec => new CertificateRequest(
                subject, ec, ec.KeySize > 256 ? HashAlgorithmName.SHA384 : HashAlgorithmName.SHA256),
            RSA rsa => new CertificateRequest(subject, rsa, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1),
            _ => throw new ArgumentException($"A certificate's key is EC or RSA, not {key.GetType().Name}.", nameof(key)),
        };

        var names = new SubjectAlternativeNameBuilder();
        foreach (var identifier in identifiers)
        {
            if (identifier.Type == AcmeIdentifier.IpType)
            {
                names.AddIpAddress(IPAddress.Parse(identifier.Value)); // RFC 8738 section 3
            }
            else
            {
                names.AddDnsName(identifier.Value);
            }
        }

        request.CertificateExtensions.Add(names.Build());
        return request.CreateSigningRequest();
    }
}
