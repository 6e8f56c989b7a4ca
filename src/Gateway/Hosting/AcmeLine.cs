using Gateway.Acme;
using Gateway.Certificates.Automatic;
using Gateway.Configuration;

namespace Gateway.Hosting;

/// <summary>What is done about one name by ACME, as a person reads it.</summary>
/// <param name="Name">The name or address.</param>
/// <param name="Issuers">The CAs in the order in which they are tried.</param>
/// <param name="Proof">How the name is proved, in the order in which it is tried.</param>
internal sealed record AcmeLine(string Name, string Issuers, string Proof)
{
    public static IReadOnlyList<AcmeLine> All(AcmeOptions options)
    {
        var issuers = string.Join(", else ", options.Issuers.Select(Describe));
        return [.. options.DomainNames.Select(name => new AcmeLine(name, issuers, string.Join(", else ", options.ChallengeTypesFor(name).Select(Describe))))];
    }

    private static string Describe(AcmeIssuerOptions issuer) =>
        issuer.DirectoryUrl == AcmeIssuerOptions.LetsEncrypt ? "Let's Encrypt"
        : issuer.DirectoryUrl == AcmeIssuerOptions.LetsEncryptStaging ? "Let's Encrypt's staging server, whose certificates browsers do not trust"
        : issuer.DirectoryUrl.AbsoluteUri;

    private static string Describe(AcmeChallengeType type) => Issuance.WireName(type) switch
    {
        AcmeChallenge.Http01 => "http-01 (the CA comes to port 80)",
        AcmeChallenge.TlsAlpn01 => "tls-alpn-01 (the CA comes to port 443)",
        _ => "dns-01 (DnsHook)",
    };
}
