using System.Security.Cryptography;

namespace Gateway.Acme;

/// <summary>One certificate that is wanted, and the one way in which its names are to be proven.</summary>
internal sealed record CertificateOrder
{
    public required IReadOnlyList<AcmeIdentifier> Identifiers { get; init; }

    /// <summary>
    /// "http-01", "dns-01" or "tls-alpn-01". A failed validation ends the order for good (RFC 8555 section 7.1.6):
    /// another type needs another order.
    /// </summary>
    public required string ChallengeType { get; init; }

    /// <summary>The certificate's private key, a new one from <see cref="CertificateKey.Create"/>; not disposed here.</summary>
    public required AsymmetricAlgorithm Key { get; init; }

    /// <summary>One of the profiles in the CA's directory; null leaves the choice to the CA.</summary>
    public string? Profile { get; init; }

    /// <summary>The <see cref="RenewalInfo.CertificateId"/> of the certificate that this one replaces; left out when the CA refuses it.</summary>
    public string? Replaces { get; init; }

    /// <summary>The wished <see cref="CertificateChain.TopIssuer"/>; the CA's default chain is taken when no chain has it.</summary>
    public string? PreferredChain { get; init; }
}

/// <summary>A certificate fresh from the CA, checked against its order.</summary>
/// <param name="ChainPem">The certificate and its intermediates, leaf first.</param>
/// <param name="KeyPem">The private key, PKCS#8.</param>
/// <param name="TopIssuer">The common name of who issued the topmost certificate of the chain.</param>
internal sealed record IssuedCertificate(string ChainPem, string KeyPem, string TopIssuer);
