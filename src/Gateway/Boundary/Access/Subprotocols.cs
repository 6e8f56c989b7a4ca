using Microsoft.Extensions.Primitives;
using Microsoft.Net.Http.Headers;

namespace Gateway.Boundary.Access;

/// <summary>
/// The list of a WebSocket's subprotocols, which is the one header that a page can set: <c>new WebSocket(url, ["gateway.key.KEY"])</c>.
/// Kubernetes does the same with its bearer tokens.
/// </summary>
internal static class Subprotocols
{
    private const string KeyPrefix = "gateway.key.";

    /// <returns>Every key or token in the list.</returns>
    public static IReadOnlyList<string> Keys(StringValues header) =>
        [.. Entries(header).Where(IsKey).Select(entry => entry[KeyPrefix.Length..])];

    /// <summary>Takes the keys out of a request.</summary>
    /// <returns>The first entry that was taken out; null when there was none.</returns>
    public static string? Remove(IHeaderDictionary headers)
    {
        var entries = Entries(headers.SecWebSocketProtocol).ToArray();
        var taken = Array.Find(entries, IsKey);
        if (taken is not null)
        {
            var rest = string.Join(", ", entries.Where(entry => !IsKey(entry)));
            headers.Remove(HeaderNames.SecWebSocketProtocol);
            if (rest.Length > 0)
            {
                headers.SecWebSocketProtocol = rest;
            }
        }

        return taken;
    }

    private static IEnumerable<string> Entries(StringValues header) =>
        header.SelectMany(line => (line ?? "").Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries));

    private static bool IsKey(string entry) => entry.StartsWith(KeyPrefix, StringComparison.Ordinal);
}
