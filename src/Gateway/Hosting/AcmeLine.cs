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

    /// <summary>Programs of the operator's that will not start when they are needed, months from now.</summary>
    public static IEnumerable<string> HookWarnings(AcmeOptions options) =>
        new[]
        {
            HookWarning("Gateway:Acme:DnsHook", options.DnsHook, "no name can be proved by dns-01"),
            HookWarning("Gateway:Acme:OnRenewed", options.OnRenewed, "nobody is told of new certificates"),
        }.OfType<string>();

    private static string? HookWarning(string key, string? command, string meanwhile) =>
        command is not null && HookCommand.Obstacle(command) is { } obstacle
            ? $"{key} '{command}' cannot be run ({obstacle}); until it can, {meanwhile}"
            : null;

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
