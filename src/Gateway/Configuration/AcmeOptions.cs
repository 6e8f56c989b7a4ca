namespace Gateway.Configuration;

/// <summary>Automatic certificates: the <c>LettuceEncrypt</c> section and <c>Gateway:Acme</c>.</summary>
internal sealed record AcmeOptions
{
    /// <summary>The names to get certificates for, one each; never empty, without localhost.</summary>
    public required IReadOnlyList<string> DomainNames { get; init; }

    /// <summary>Contact for the CA; null for none.</summary>
    public string? EmailAddress { get; init; }

    /// <summary>The CAs in the order in which they are tried; never empty.</summary>
    public required IReadOnlyList<AcmeIssuerOptions> Issuers { get; init; }

    /// <summary>How control over a name may be proved here: what is allowed, as far as endpoints and hook make it possible.</summary>
    public IReadOnlyList<AcmeChallengeType> ChallengeTypes { get; init; } = [];

    /// <summary>How long before expiry to renew; null leaves it to the renewal policy.</summary>
    public TimeSpan? RenewDaysInAdvance { get; init; }

    /// <summary>How often the LettuceEncrypt package would look whether a renewal is due; the gateway looks more often than anyone could wish.</summary>
    public TimeSpan? RenewalCheckPeriod { get; init; }

    /// <summary>ES256, ES384 or RS256.</summary>
    public string KeyAlgorithm { get; init; } = "ES256";

    /// <summary>Bits of an RS256 key; null for the default.</summary>
    public int? KeySize { get; init; }

    /// <summary>CA certificates in PEM that complete chains.</summary>
    public IReadOnlyList<string> AdditionalIssuers { get; init; } = [];

    /// <summary>Program with arguments that writes DNS records.</summary>
    public string? DnsHook { get; init; }

    /// <summary>Common name of the root whose chain is wanted; null for the CA's choice.</summary>
    public string? PreferredChain { get; init; }

    /// <summary>Certificate profile of the CA; null for the CA's choice.</summary>
    public string? Profile { get; init; }

    /// <summary>Program with arguments that is run after each renewal.</summary>
    public string? OnRenewed { get; init; }

    /// <summary>Of the PFX files that the LettuceEncrypt package left; never shown.</summary>
    public string? PfxPassword { get; init; }

    /// <summary>Without the password: records print all their members.</summary>
    public override string ToString() => string.Join(", ", DomainNames);

    /// <summary>The ways in which one name can be proved, in the order in which they are tried.</summary>
    public IReadOnlyList<AcmeChallengeType> ChallengeTypesFor(string name) => [.. ChallengeTypes.Where(type => Proves(type, name))];

    /// <summary>Whether CAs take a challenge type for a name: wildcards by DNS alone, addresses by anything else (RFC 8738 section 7).</summary>
    public static bool Proves(AcmeChallengeType type, string name) =>
        name.StartsWith("*.", StringComparison.Ordinal) ? type == AcmeChallengeType.Dns01
        : !System.Net.IPAddress.TryParse(name, out _) || type != AcmeChallengeType.Dns01;
}

/// <summary>As in <c>LettuceEncrypt:AllowedChallengeTypes</c>.</summary>
internal enum AcmeChallengeType
{
    Http01,
    TlsAlpn01,
    Dns01,
}

/// <summary>One CA.</summary>
/// <param name="DirectoryUrl">Absolute, https.</param>
internal sealed record AcmeIssuerOptions(Uri DirectoryUrl)
{
    public static readonly Uri LetsEncrypt = new("https://acme-v02.api.letsencrypt.org/directory");
    public static readonly Uri LetsEncryptStaging = new("https://acme-staging-v02.api.letsencrypt.org/directory");

    /// <summary>Where a name is tried out after a failure, so that the limits of the CA itself are not spent; null when it has no such place.</summary>
    public Uri? StagingUrl { get; init; } = DirectoryUrl == LetsEncrypt ? LetsEncryptStaging : null;

    public EabCredentials? EabCredentials { get; init; }

    /// <summary>PEM files with the roots to trust for the CA's endpoint instead of the system's.</summary>
    public IReadOnlyList<string> TrustedRoots { get; init; } = [];
}

/// <summary>What the CA gave out to bind an account to a customer.</summary>
/// <param name="KeyId">The CA's name of the key.</param>
/// <param name="Key">Base64url; secret.</param>
/// <param name="Algorithm">HS256, HS384 or HS512.</param>
internal sealed record EabCredentials(string KeyId, string Key, string Algorithm)
{
    public override string ToString() => KeyId;
}
