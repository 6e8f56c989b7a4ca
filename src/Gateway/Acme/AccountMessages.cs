using System.Diagnostics.CodeAnalysis;

namespace Gateway.Acme;

/// <summary>What the CA keeps about an account (RFC 8555 section 7.1.2).</summary>
internal sealed record AccountStatus
{
    /// <summary>"valid", "deactivated", "revoked", or what the CA thinks of next.</summary>
    public required string Status { get; init; }

    [AllowNull]
    public IReadOnlyList<string> Contact { get; init => field = value ?? []; } = [];
}

/// <summary>Creates, finds, updates or deactivates an account (RFC 8555 sections 7.3 to 7.3.6).</summary>
internal sealed record AccountRequest
{
    public IReadOnlyList<string>? Contact { get; init; }
    public bool? TermsOfServiceAgreed { get; init; }
    public bool? OnlyReturnExisting { get; init; }
    public Jws? ExternalAccountBinding { get; init; }
    public string? Status { get; init; }
}

/// <summary>The inside of a key change (RFC 8555 section 7.3.5).</summary>
internal sealed record KeyChangeRequest(string Account, JsonWebKey OldKey);
