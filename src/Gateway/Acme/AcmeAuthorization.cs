using System.Text.Json.Serialization;

namespace Gateway.Acme;

/// <summary>The CA's record of who may have certificates for one name (RFC 8555 section 7.1.4).</summary>
internal sealed record AcmeAuthorization
{
    public const string Valid = "valid";

    /// <summary>"valid", "pending", another of RFC 8555, or what the CA thinks of next.</summary>
    public required string Status { get; init; }

    /// <summary>The name, without "*." even when <see cref="Wildcard"/> is set.</summary>
    public required AcmeIdentifier Identifier { get; init; }

    public required IReadOnlyList<AcmeChallenge> Challenges { get; init; }
    public bool Wildcard { get; init; }
    public DateTimeOffset? Expires { get; init; }

    [JsonIgnore]
    public Uri Url { get; private init; } = null!;

    /// <summary>How long the CA asks to wait before the authorization is read again.</summary>
    [JsonIgnore]
    public TimeSpan? RetryAfter { get; private init; }

    /// <summary>RFC 8555 section 7.1.6: none of these ever becomes valid again.</summary>
    [JsonIgnore]
    public bool IsOver => Status is "invalid" or "deactivated" or "expired" or "revoked";

    /// <summary>Any other status, of days to come too, means "not yet".</summary>
    [JsonIgnore]
    public bool IsDecided => IsOver || Status == Valid;

    public static AcmeAuthorization Read(AcmeAnswer answer) =>
        answer.Read(AcmeJson.Default.AcmeAuthorization) with { Url = answer.Url, RetryAfter = answer.RetryAfter };
}

/// <summary>One way to prove control over a name (RFC 8555 section 8).</summary>
internal sealed record AcmeChallenge
{
    public const string Http01 = "http-01";
    public const string Dns01 = "dns-01";
    public const string TlsAlpn01 = "tls-alpn-01";

    /// <summary>One of the constants here, or a type that this client does not know and leaves alone.</summary>
    public required string Type { get; init; }

    public required Uri Url { get; init; }
    public string? Status { get; init; }

    /// <summary>Present in every type that this client knows; another may do without.</summary>
    public string? Token { get; init; }

    public AcmeProblem? Error { get; init; }
}
