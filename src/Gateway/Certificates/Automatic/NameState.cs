using System.Text.Json.Serialization;

namespace Gateway.Certificates.Automatic;

/// <summary>What is known about one name beside its certificate: attempts, plans, the CA's advice. Kept across restarts, so that
/// a gateway that crashes and starts again does not spend the CA's limits.</summary>
internal sealed record NameState
{
    public required string Name { get; init; }

    /// <summary>A digest of the options that decide about success; others mean that earlier failures say nothing.</summary>
    public string? Configuration { get; init; }

    /// <summary>When the last attempt began. It counts as failed until it has succeeded: the process may end in the middle.</summary>
    public DateTimeOffset? LastAttempt { get; init; }

    /// <summary>When an order was last placed, or refused by the CA.</summary>
    public DateTimeOffset? LastOrder { get; init; }

    public DateTimeOffset? LastSuccess { get; init; }

    /// <summary>The directory of the CA that the last success was with.</summary>
    public Uri? Issuer { get; init; }

    /// <summary>The challenge type that the last success was by.</summary>
    public string? ChallengeType { get; init; }

    /// <summary>Why the last attempt failed, in the CA's words; null after a success.</summary>
    public string? LastError { get; init; }

    /// <summary>What to do about it, in one sentence; null when that is not known.</summary>
    public string? Remedy { get; init; }

    /// <summary>How many orders, or attempts that did not come to an order, have failed since the last success.</summary>
    public int Failures { get; init; }

    /// <summary>Whether the last failure was the CA's verdict about the name and not a CA out of order: worth a try elsewhere first.</summary>
    public bool WasRefused { get; init; }

    /// <summary>Whether a person has asked for a renewal that has not succeeded yet.</summary>
    public bool IsAskedFor { get; init; }

    /// <summary>When the next attempt will be made.</summary>
    public DateTimeOffset? NextAttempt { get; init; }

    /// <summary>Why then.</summary>
    public string? NextReason { get; init; }

    /// <summary>By CA directory: until when that CA asks to be left alone about this name.</summary>
    public IReadOnlyDictionary<string, DateTimeOffset> HoldUntil { get; init; } = new Dictionary<string, DateTimeOffset>();

    /// <summary>The CA's advice about the certificate that is served.</summary>
    public RenewalWindow? Window { get; init; }
}

/// <summary>The CA's advice when to renew (RFC 9773), as it was last heard.</summary>
/// <param name="CertificateId">The certificate that it is about.</param>
/// <param name="Start">From then on.</param>
/// <param name="End">Until then.</param>
/// <param name="AskAgain">When to ask the CA again.</param>
/// <param name="ExplanationUrl">A page for people.</param>
internal sealed record RenewalWindow(
    string CertificateId, DateTimeOffset Start, DateTimeOffset End, DateTimeOffset AskAgain, string? ExplanationUrl = null);

[JsonSourceGenerationOptions(WriteIndented = true, PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, PropertyNameCaseInsensitive = true, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(NameState))]
[JsonSerializable(typeof(LockOwner))]
[JsonSerializable(typeof(RenewalAnswer))]
[JsonSerializable(typeof(FormerAccount))]
internal sealed partial class AutomaticJson : JsonSerializerContext;
