using System.Buffers;

namespace Gateway.Boundary;

/// <summary>What is wrong with a request's headers, although the server has accepted them.</summary>
internal static class HeaderRules
{
    // RFC 9110 section 5.6.2.
    private static readonly SearchValues<char> TokenCharacters =
        SearchValues.Create("!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz");

    // RFC 9110 section 5.5: of the control characters only the tab may stand in a value.
    private static readonly SearchValues<char> ControlCharacters =
        SearchValues.Create([.. Enumerable.Range(0, 0x20).Append(0x7f).Select(c => (char)c).Where(c => c != '\t')]);

    /// <summary>Under this name Kestrel keeps a Content-Length that it does not follow since there is a Transfer-Encoding.</summary>
    public const string UnfollowedContentLength = "X-Content-Length";

    /// <summary>Looks at all headers, once.</summary>
    /// <param name="request">Its headers.</param>
    /// <param name="forged">Names of those by which a client could claim to be somebody else (<see cref="ForgeableHeaders"/>); null for none.</param>
    /// <returns>A sentence for the sender; null when nothing is wrong.</returns>
    public static string? Violation(HttpRequest request, out List<string>? forged)
    {
        forged = null;
        return Framing(request) ?? Syntax(request.Headers, ref forged);
    }

    private static string? Framing(HttpRequest request)
    {
        var headers = request.Headers;
        if (!HttpProtocol.IsHttp10(request.Protocol) && !HttpProtocol.IsHttp11(request.Protocol))
        {
            // RFC 9113 section 8.2.2; the server looks for Connection only.
            return headers.TransferEncoding.Count + headers.Upgrade.Count + headers.KeepAlive.Count + headers["Proxy-Connection"].Count + headers.Connection.Count > 0
                ? $"{request.Protocol} has no headers about the connection."
                : null;
        }

        var transferEncoding = headers.TransferEncoding;
        if (transferEncoding.Count == 0)
        {
            return null;
        }

        if (HttpProtocol.IsHttp10(request.Protocol))
        {
            return "HTTP/1.0 has no Transfer-Encoding."; // RFC 9112 section 6.1
        }

        if (transferEncoding is not [{ } only] || !only.Equals("chunked", StringComparison.OrdinalIgnoreCase))
        {
            return "The only Transfer-Encoding taken is chunked.";
        }

        // RFC 9112 section 6.3 lets a server follow the latter, and warns.
        return headers.ContentLength is not null || headers.ContainsKey(UnfollowedContentLength)
            ? "Content-Length and Transfer-Encoding exclude each other."
            : null;
    }

    private static string? Syntax(IHeaderDictionary headers, ref List<string>? forged)
    {
        foreach (var (name, values) in headers)
        {
            // Pseudo-headers of HTTP/2 (RFC 9113 section 8.3) are the server's own keys here.
            var token = name.StartsWith(':') ? name.AsSpan(1) : name;
            if (token.IsEmpty || token.ContainsAnyExcept(TokenCharacters))
            {
                return "A header's name holds a character that is not allowed there.";
            }

            foreach (var value in values)
            {
                if (value.AsSpan().ContainsAny(ControlCharacters))
                {
                    return $"The header {name} holds a control character.";
                }
            }

            if (ForgeableHeaders.Contains(name))
            {
                (forged ??= []).Add(name);
            }
        }

        return null;
    }
}
