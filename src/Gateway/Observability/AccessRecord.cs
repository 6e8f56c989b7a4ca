namespace Gateway.Observability;

/// <summary>One request, for a line of the access log. Without query strings, also in the referrer: tokens live there.</summary>
/// <param name="Client">Its address; null for a unix socket.</param>
/// <param name="User">Who the access policy has let in; null for nobody in particular, and in lines of standard output.</param>
/// <param name="Path">As the client sent it.</param>
/// <param name="Bytes">Of the answer's body, or of what came from the service over a WebSocket.</param>
internal readonly record struct AccessRecord(
    DateTimeOffset Time, string? Client, string? User, string Method, string Host, string Path, string Protocol, int Status, long Bytes, TimeSpan Duration,
    string? Referrer, string? UserAgent, string? Route, string? Destination, string RequestId)
{
    /// <summary>In place of what a request does not have: the route and destination of one that the gateway answered itself.</summary>
    public const string None = "-";

    /// <summary>A referrer's scheme, host and path.</summary>
    public static string? WithoutSecrets(string? referrer)
    {
        if (string.IsNullOrEmpty(referrer))
        {
            return null;
        }

        var end = referrer.AsSpan().IndexOfAny('?', '#', ';');
        var rest = end < 0 ? referrer : referrer[..end];
        // https://user:password@host/
        var authority = rest.IndexOf("//", StringComparison.Ordinal) is var slashes and >= 0 ? slashes + 2 : 0;
        var path = rest.IndexOf('/', authority);
        var at = rest.LastIndexOf('@', (path < 0 ? rest.Length : path) - 1);
        return at >= authority ? string.Concat(rest.AsSpan(0, authority), rest.AsSpan(at + 1)) : rest;
    }
}
