using System.Net;

namespace Gateway.Acme;

/// <summary>
/// Something asked of a CA did not happen. The message says what was attempted and where, and ends in the CA's own words.
/// </summary>
internal sealed class AcmeException : Exception
{
    public AcmeException(string attempt, Uri url, string reason, Exception? cause = null)
        : base(AcmeProblem.OneLine($"Could not {attempt}: {reason}"), cause)
    {
        Attempt = attempt;
        Url = url;
    }

    /// <summary>What was being attempted, as it follows "could not": "place an order for example.com".</summary>
    public string Attempt { get; }

    /// <summary>The resource of the CA that was asked.</summary>
    public Uri Url { get; }

    /// <summary>The HTTP status of the refusal; null when no answer came, or when a good answer told of a failure.</summary>
    public int? StatusCode { get; init; }

    public AcmeProblem? Problem { get; init; }

    /// <summary>How long the CA asks to be left alone, already relative; null when it did not say.</summary>
    public TimeSpan? RetryAfter { get; init; }

    /// <summary>The name whose validation failed.</summary>
    public AcmeIdentifier? Identifier { get; init; }

    /// <summary>The challenge type by which the validation was attempted.</summary>
    public string? ChallengeType { get; init; }

    /// <summary>True when no answer came at all, or none in time: refused connection, TLS failure, silence.</summary>
    public bool IsUnreachable { get; init; }

    /// <summary>True when the same request may well succeed a little later: no answer, a failing CA, or "too many requests".</summary>
    public bool IsTransient => IsUnreachable || StatusCode is >= 500 or (int)HttpStatusCode.TooManyRequests;

    /// <summary>Whether the CA gave this problem type, one of the constants of <see cref="AcmeProblem"/>.</summary>
    public bool Is(string problemType) => Problem?.Type == problemType;

    public static AcmeException Refused(string attempt, AcmeAnswer answer)
    {
        var problem = answer.ReadProblem();
        var pause = answer.RetryAfter is { } wait ? $", retry after {wait:c}" : "";
        var words = problem is null ? "" : $": {problem}";
        return new AcmeException(attempt, answer.Url, $"{answer.Url} answered {answer.StatusCode}{pause}{words}")
        {
            StatusCode = answer.StatusCode,
            Problem = problem,
            RetryAfter = answer.RetryAfter,
        };
    }

    public static AcmeException Unreachable(string attempt, Uri url, string reason, Exception cause) =>
        new(attempt, url, $"{url} gave no answer: {reason}", cause) { IsUnreachable = true };
}
