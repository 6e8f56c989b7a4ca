namespace Gateway.Boundary;

/// <summary>Which pages may open a WebSocket. Browsers ask nobody before they do so, cookies included, so the server has to look
/// (RFC 6455 section 10.2).</summary>
internal static class OriginRule
{
    /// <param name="request">The handshake; one without Origin is no browser's and passes.</param>
    /// <param name="allowed">Origins besides the request's own host: <c>https://app.example.com</c>, <c>https://*.example.com</c>, <c>*</c>.</param>
    public static bool Allows(HttpRequest request, IReadOnlyList<string> allowed)
    {
        var origins = request.Headers.Origin;
        if (origins.Count == 0)
        {
            return true;
        }

        return origins is [{ } origin] && (IsSameHost(origin, request) || IsAllowed(origin, allowed));
    }

    private static bool IsSameHost(string origin, HttpRequest request)
    {
        var isHttps = origin.StartsWith("https://", StringComparison.OrdinalIgnoreCase);
        if (!isHttps && !origin.StartsWith("http://", StringComparison.OrdinalIgnoreCase))
        {
            return false;
        }

        // The scheme does not count: Python's websocket-client says http:// for wss:// too, and the redirect and HSTS leave browsers no page
        // of plain HTTP. The way the request's own host is read, so that both are the same name whatever its script.
        var page = HostString.FromUriComponent(origin[(origin.IndexOf("://", StringComparison.Ordinal) + 3)..]);
        var host = request.Host;
        return string.Equals(page.Host, host.Host, StringComparison.OrdinalIgnoreCase)
            && ((page.Port ?? (isHttps ? 443 : 80)) == (host.Port ?? (request.IsHttps ? 443 : 80)) || (page.Port is null && host.Port is null));
    }

    private static bool IsAllowed(string origin, IReadOnlyList<string> allowed)
    {
        foreach (var entry in allowed)
        {
            var wildcard = entry.IndexOf("://*.", StringComparison.Ordinal);
            if (entry == "*" || string.Equals(entry, origin, StringComparison.OrdinalIgnoreCase))
            {
                return true;
            }

            if (wildcard > 0
                && origin.StartsWith(entry[..(wildcard + 3)], StringComparison.OrdinalIgnoreCase)
                && origin.EndsWith(entry[(wildcard + 4)..], StringComparison.OrdinalIgnoreCase)
                && origin.Length > entry.Length - 1
                && !origin.AsSpan(wildcard + 3, origin.Length - entry.Length + 1).ContainsAny('/', ':', '@'))
            {
                return true;
            }
        }

        return false;
    }
}
