using System.Collections.ObjectModel;
using System.Net.Security;
using System.Runtime.CompilerServices;
using System.Security.Cryptography.X509Certificates;

namespace Gateway.Certificates;

/// <summary>What a client is sent of a certificate: the leaf and those above it, as they came with it.</summary>
internal static class SentChain
{
    /// <summary>Prepares a certificate for handshakes.</summary>
    /// <param name="leaf">With its private key.</param>
    /// <param name="others">Those above it in any order; what does not belong to it is left out, and so is a root, which clients have.</param>
    public static SslStreamCertificateContext Prepare(X509Certificate2 leaf, X509Certificate2Collection others)
    {
        if (OperatingSystem.IsLinux())
        {
            try
            {
                return New(leaf, Above(leaf, others).AsReadOnly(), trust: null);
            }
            catch (MissingMemberException)
            {
                // Another version of .NET, which has its own way.
            }
        }

        // offline: a handshake must never wait for a download.
        return SslStreamCertificateContext.Create(leaf, others, offline: true);
    }

    private static List<X509Certificate2> Above(X509Certificate2 leaf, X509Certificate2Collection others)
    {
        List<X509Certificate2> chain = [];
        for (var issued = leaf; !IsRoot(issued) && IssuerOf(issued, others) is { } issuer && !IsRoot(issuer) && !chain.Contains(issuer); issued = issuer)
        {
            chain.Add(issuer);
        }

        return chain;
    }

    // RFC 5280 section 6.1: by name; where a CA has several keys, by that.
    private static X509Certificate2? IssuerOf(X509Certificate2 certificate, X509Certificate2Collection others)
    {
        var key = certificate.Extensions.OfType<X509AuthorityKeyIdentifierExtension>().FirstOrDefault()?.KeyIdentifier;
        X509Certificate2[] named = [.. others.Where(other => Same(other.SubjectName, certificate.IssuerName))];
        return Array.Find(named, other => key is { } expected && KeyIdentifier(other).Span.SequenceEqual(expected.Span)) ?? named.FirstOrDefault();
    }

    private static ReadOnlyMemory<byte> KeyIdentifier(X509Certificate2 certificate) =>
        certificate.Extensions.OfType<X509SubjectKeyIdentifierExtension>().FirstOrDefault()?.SubjectKeyIdentifierBytes ?? default;

    private static bool IsRoot(X509Certificate2 certificate) => Same(certificate.SubjectName, certificate.IssuerName);

    private static bool Same(X500DistinguishedName one, X500DistinguishedName other) => one.RawData.AsSpan().SequenceEqual(other.RawData);

    // Create() makes sure of the chain with a look at every CA that the system trusts, which is half of the gateway's start and some
    // megabytes, and would leave out what a CA sends for old clients: a certificate above its own root.
    [UnsafeAccessor(UnsafeAccessorKind.Constructor)]
    private static extern SslStreamCertificateContext New(X509Certificate2 target, ReadOnlyCollection<X509Certificate2> intermediates, SslCertificateTrust? trust);
}
