using System.Buffers.Text;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace Gateway.Acme;

/// <summary>What has to be published so that the CA sees who controls a name.</summary>
/// <param name="Type">"http-01", "dns-01" or "tls-alpn-01".</param>
/// <param name="Identifier">The name, without "*." of a wildcard.</param>
/// <param name="Token">The CA's token; letters, digits, "-" and "_" only.</param>
/// <param name="KeyAuthorization">RFC 8555 section 8.1; with http-01 the body of the answer, as it stands.</param>
internal sealed record ChallengeAnswer(string Type, AcmeIdentifier Identifier, string Token, string KeyAuthorization)
{
    /// <summary>http-01: the path at which the key authorization is served on port 80 (RFC 8555 section 8.3).</summary>
    public string HttpPath => $"/.well-known/acme-challenge/{Token}";

    /// <summary>dns-01: the name of the TXT record, without a final dot (RFC 8555 section 8.4).</summary>
    public string DnsName => $"_acme-challenge.{Identifier.Value}";

    /// <summary>dns-01: the value of the TXT record. Two answers may share a name; both records must stand (RFC 8555 section 8.4).</summary>
    public string DnsValue => Base64Url.EncodeToString(Digest);

    private byte[] Digest => SHA256.HashData(Encoding.ASCII.GetBytes(KeyAuthorization));

    /// <summary>
    /// tls-alpn-01: the certificate to show, with its key, to a handshake that offers "acme-tls/1" alone and asks for
    /// <see cref="AcmeIdentifier.ServerName"/> (RFC 8737 section 3).
    /// </summary>
    public X509Certificate2 CreateTlsAlpnCertificate(TimeProvider time) => TlsAlpnCertificate.Create(Identifier, Digest, time);
}

/// <summary>Publishes answers to challenges where the CA looks for them, and takes them back.</summary>
/// <param name="Publish">Completes when the answer can be seen from outside; what it throws ends the order.</param>
/// <param name="Unpublish">Called once for every call of Publish, after success and failure alike. What it throws is
/// dropped: a leftover answer harms nobody and must not cost a certificate, so the responder reports its own trouble.</param>
internal sealed record ChallengeResponder(
    Func<ChallengeAnswer, CancellationToken, Task> Publish,
    Func<ChallengeAnswer, CancellationToken, Task> Unpublish);
