using System.Text.Json.Serialization;

namespace Gateway.Acme;

/// <summary>A new order (RFC 8555 section 7.4).</summary>
internal sealed record OrderRequest
{
    public required IReadOnlyList<AcmeIdentifier> Identifiers { get; init; }

    /// <summary>One of the names in <see cref="DirectoryMetadata.Profiles"/>; null leaves the choice to the CA.</summary>
    public string? Profile { get; init; }

    /// <summary>The certificate that this order is to replace, by its <see cref="RenewalInfo.CertificateId"/> (RFC 9773 section 5).</summary>
    public string? Replaces { get; init; }
}

/// <summary>An order as the CA shows it (RFC 8555 section 7.1.3).</summary>
internal sealed record AcmeOrder
{
    public const string Pending = "pending";
    public const string Ready = "ready";
    public const string Processing = "processing";
    public const string Valid = "valid";
    public const string Invalid = "invalid";

    /// <summary>One of the constants here, or what the CA thinks of next.</summary>
    public required string Status { get; init; }

    public required IReadOnlyList<AcmeIdentifier> Identifiers { get; init; }
    public required IReadOnlyList<Uri> Authorizations { get; init; }
    public required Uri Finalize { get; init; }
    public Uri? Certificate { get; init; }
    public DateTimeOffset? Expires { get; init; }
    public string? Profile { get; init; }
    public string? Replaces { get; init; }
    public AcmeProblem? Error { get; init; }

    [JsonIgnore]
    public Uri Url { get; private init; } = null!;

    /// <summary>How long the CA asks to wait before the order is read again.</summary>
    [JsonIgnore]
    public TimeSpan? RetryAfter { get; private init; }

    [JsonIgnore]
    public string Names => string.Join(", ", Identifiers);

    public static AcmeOrder Read(AcmeAnswer answer, Uri url) =>
        answer.Read(AcmeJson.Default.AcmeOrder) with { Url = url, RetryAfter = answer.RetryAfter };
}

/// <summary>RFC 8555 section 7.4: the certificate request, base64url of its DER.</summary>
internal sealed record FinalizeRequest(string Csr);
