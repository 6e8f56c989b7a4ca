using System.Buffers.Text;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json.Serialization;

namespace Gateway.Acme;

/// <summary>The CA's advice when to renew a certificate (RFC 9773 section 4.2).</summary>
/// <param name="WindowStart">From here on the renewal is welcome; a start in the past means now.</param>
/// <param name="WindowEnd">Until here. An end in the past tells of trouble, such as a coming revocation.</param>
/// <param name="ExplanationUrl">A page for people on why the window is where it is.</param>
/// <param name="AskAgainIn">When to ask again: what the CA said, within RFC 9773's limits of one minute and one day.</param>
internal sealed record RenewalInfo(
    DateTimeOffset WindowStart, DateTimeOffset WindowEnd, string? ExplanationUrl, TimeSpan AskAgainIn)
{
    // RFC 9773 section 4.3: the interval when the CA gives none, and sensible limits for the one it gives.
    private static readonly TimeSpan DefaultInterval = TimeSpan.FromHours(6);
    private static readonly TimeSpan ShortestInterval = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan LongestInterval = TimeSpan.FromDays(1);

    /// <summary>
    /// The name of a certificate in RFC 9773 (section 4.1): base64url of the authority key identifier, a dot,
    /// base64url of the serial number in DER, its leading zero included. Null without an authority key identifier.
    /// </summary>
    public static string? CertificateId(X509Certificate2 certificate)
    {
        var authority = certificate.Extensions.OfType<X509AuthorityKeyIdentifierExtension>().FirstOrDefault();
        return authority?.KeyIdentifier is { Length: > 0 } keyIdentifier
            ? $"{Base64Url.EncodeToString(keyIdentifier.Span)}.{Base64Url.EncodeToString(certificate.SerialNumberBytes.Span)}"
            : null;
    }

    public static RenewalInfo Read(AcmeAnswer answer)
    {
        var document = answer.Read(AcmeJson.Default.RenewalInfoDocument);
        var (start, end) = (document.SuggestedWindow.Start, document.SuggestedWindow.End);
        if (end <= start)
        {
            // RFC 9773 section 4.2: to be treated as if no answer had come.
            throw new AcmeException(answer.Attempt, answer.Url, $"{answer.Url} suggests a window that ends ({end:O}) before it starts ({start:O}).");
        }

        var interval = answer.RetryAfter ?? DefaultInterval;
        interval = interval < ShortestInterval ? ShortestInterval : interval > LongestInterval ? LongestInterval : interval;
        return new RenewalInfo(start, end, document.ExplanationUrl, interval);
    }
}

internal sealed record RenewalInfoDocument
{
    public required SuggestedWindow SuggestedWindow { get; init; }

    [JsonPropertyName("explanationURL")]
    public string? ExplanationUrl { get; init; }
}

internal sealed record SuggestedWindow
{
    public required DateTimeOffset Start { get; init; }
    public required DateTimeOffset End { get; init; }
}
