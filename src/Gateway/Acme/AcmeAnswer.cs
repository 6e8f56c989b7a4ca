using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace Gateway.Acme;

/// <summary>One answer of the CA, read whole.</summary>
internal sealed record AcmeAnswer(string Attempt, Uri Url, int StatusCode, byte[] Body)
{
    public bool IsSuccess => StatusCode is >= 200 and < 300;

    public string? ContentType { get; init; }

    /// <summary>The fresh nonce that came along, if any.</summary>
    public string? Nonce { get; init; }

    public Uri? Location { get; init; }

    public TimeSpan? RetryAfter { get; init; }

    /// <summary>The targets of Link headers with the relation "alternate" (RFC 8555 section 7.4.2).</summary>
    public IReadOnlyList<Uri> Alternates { get; init; } = [];

    /// <exception cref="AcmeException">The body is not what RFC 8555 says it is.</exception>
    public T Read<T>(JsonTypeInfo<T> type)
    {
        try
        {
            return JsonSerializer.Deserialize(Body, type) ?? throw new JsonException("It is null.");
        }
        catch (JsonException e)
        {
            throw new AcmeException(Attempt, Url, $"{Url} answered with something else than ACME: {e.Message}", e)
            {
                StatusCode = StatusCode,
            };
        }
    }

    public AcmeProblem? ReadProblem()
    {
        // A proxy or load balancer in front of the CA answers with pages of its own.
        if (ContentType is not ("application/problem+json" or "application/json"))
        {
            return null;
        }

        try
        {
            return JsonSerializer.Deserialize(Body, AcmeJson.Default.AcmeProblem);
        }
        catch (JsonException)
        {
            return null;
        }
    }

    /// <exception cref="AcmeException">The answer has none.</exception>
    public Uri RequireLocation() =>
        Location ?? throw new AcmeException(Attempt, Url, $"{Url} answered {StatusCode} without a Location.")
        {
            StatusCode = StatusCode,
        };
}
