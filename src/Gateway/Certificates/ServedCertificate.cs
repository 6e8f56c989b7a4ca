using System.Net;
using System.Net.Security;
using System.Security.Cryptography.X509Certificates;

namespace Gateway.Certificates;

/// <summary>
/// A certificate with its key, prepared once for all handshakes. Never disposed by hand: a handshake in flight may
/// still use it after the table was swapped, so the garbage collector takes it when the last one has ended.
/// </summary>
internal sealed class ServedCertificate
{
    private const string SubjectAlternativeName = "2.5.29.17";

    private readonly bool _isSelfIssued;

    /// <param name="leaf">With its private key.</param>
    /// <param name="chain">The intermediate certificates in any order; the leaf itself may be among them.</param>
    /// <param name="source">Where it comes from.</param>
    /// <param name="origin">The file's path or the authority's name, for people.</param>
    /// <exception cref="System.Security.Cryptography.CryptographicException">The subject alternative names or the key cannot be read.</exception>
    public ServedCertificate(X509Certificate2 leaf, X509Certificate2Collection chain, CertificateSource source, string origin)
    {
        Leaf = leaf;
        Source = source;
        Origin = origin;
        NotBefore = new DateTimeOffset(leaf.NotBefore);
        NotAfter = new DateTimeOffset(leaf.NotAfter);
        Issuer = leaf.GetNameInfo(X509NameType.SimpleName, forIssuer: true);
        _isSelfIssued = leaf.SubjectName.RawData.AsSpan().SequenceEqual(leaf.IssuerName.RawData);

        if (leaf.Extensions[SubjectAlternativeName] is X509SubjectAlternativeNameExtension names)
        {
            DnsNames = [.. names.EnumerateDnsNames().Select(ServerName.Normalize).OfType<string>().Distinct()];
            Addresses = [.. names.EnumerateIPAddresses().Distinct()];
        }

        Context = SentChain.Prepare(leaf, chain);
    }

    private ServedCertificate(ServedCertificate other, CertificateSource source)
    {
        Leaf = other.Leaf;
        Context = other.Context;
        DnsNames = other.DnsNames;
        Addresses = other.Addresses;
        Source = source;
        Origin = other.Origin;
        NotBefore = other.NotBefore;
        NotAfter = other.NotAfter;
        Issuer = other.Issuer;
        _isSelfIssued = other._isSelfIssued;
    }

    public X509Certificate2 Leaf { get; }

    public SslStreamCertificateContext Context { get; }

    /// <summary>The DNS names of the subject alternative names (never the CN): A-labels, lower case; wildcards as "*.example.com".</summary>
    public IReadOnlyList<string> DnsNames { get; } = [];

    /// <summary>The IP addresses of the subject alternative names.</summary>
    public IReadOnlyList<IPAddress> Addresses { get; } = [];

    public CertificateSource Source { get; }

    /// <summary>The file's path or the authority's name, for people.</summary>
    public string Origin { get; }

    /// <summary>Whether it is meant for everybody's browser: neither the local authority's nor one that vouches for itself.</summary>
    public bool IsPublic => Source is CertificateSource.File or CertificateSource.Acme && !_isSelfIssued;

    public DateTimeOffset NotBefore { get; }

    public DateTimeOffset NotAfter { get; }

    /// <summary>The issuer's common name.</summary>
    public string Issuer { get; }

    /// <summary>DNS names and addresses together, for people.</summary>
    public IEnumerable<string> Names => DnsNames.Concat(Addresses.Select(address => address.ToString()));

    /// <summary>The same certificate under another heading.</summary>
    public ServedCertificate As(CertificateSource source) => source == Source ? this : new(this, source);

    public bool IsValidAt(DateTimeOffset time) => NotBefore <= time && time <= NotAfter;

    /// <summary>Whether clients would be sent the very same certificates.</summary>
    public bool HasSameChain(ServedCertificate other) =>
        Leaf.RawDataMemory.Span.SequenceEqual(other.Leaf.RawDataMemory.Span)
        && Context.IntermediateCertificates.Select(certificate => certificate.Thumbprint)
            .SequenceEqual(other.Context.IntermediateCertificates.Select(certificate => certificate.Thumbprint));
}
