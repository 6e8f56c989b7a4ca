using Gateway.Platform;
using Microsoft.AspNetCore.Http.Features;

namespace Gateway.Proxying;

/// <summary>The request target at the service: byte for byte what the client sent, but for dot segments, which are resolved as routing
/// has resolved them, so that the service never resolves them to another path.</summary>
internal static class RequestTarget
{
    private static readonly UriCreationOptions Verbatim = new() { DangerousDisablePathAndQueryCanonicalization = true };

    /// <summary>The service's URI; null, which lets YARP encode the routed path anew, only where the client's bytes are not known.</summary>
    public static Uri? AtService(HttpContext context, string destinationPrefix) =>
        Of(context) is { } target ? new Uri(string.Concat(destinationPrefix.AsSpan().TrimEnd('/'), target), Verbatim) : null;

    /// <summary>What follows the service's address; null where the client's bytes are not known.</summary>
    public static string? Of(HttpContext context)
    {
        if (context.Features.Find<IHttpRequestFeature>()?.RawTarget is not { Length: > 0 } raw || PathOf(raw) is not ['/', ..] path)
        {
            return null; // An absolute target without path was routed as "/".
        }

        var hasDots = MayHaveDots(path);
        if (raw[0] == '/' && !hasDots)
        {
            return raw;
        }

        var query = raw.IndexOf('?', StringComparison.Ordinal) is var mark and >= 0 ? raw.AsSpan(mark) : [];
        return string.Concat(hasDots ? Resolve(path) : path, query);
    }

    /// <summary>The path as the client sent it.</summary>
    public static string PathOf(HttpContext context) =>
        context.Features.Find<IHttpRequestFeature>()?.RawTarget is { Length: > 0 } raw && PathOf(raw) is ['/', ..] path
            ? (path.Length == raw.Length ? raw : path.ToString())
            : context.Request.Path.ToUriComponent();

    /// <summary>The path, without its query, of a target in origin form (<c>/path?query</c>) or absolute form
    /// (<c>https://host/path?query</c>); empty where there is none.</summary>
    public static ReadOnlySpan<char> PathOf(string target)
    {
        var path = target.AsSpan();
        if (path[0] != '/')
        {
            var authority = path.IndexOf("://");
            var end = authority < 0 ? -1 : path[(authority + 3)..].IndexOfAny('/', '?');
            if (end < 0)
            {
                return [];
            }

            path = path[(authority + 3 + end)..];
        }

        var query = path.IndexOf('?');
        return query < 0 ? path : path[..query];
    }

    /// <returns>How many dots a segment consists of, percent-encoded or not; 0 when it holds anything else.</returns>
    public static int DotsIn(ReadOnlySpan<char> segment)
    {
        var dots = 0;
        for (; segment.Length > 0; dots++)
        {
            if (segment[0] == '.')
            {
                segment = segment[1..];
            }
            else if (segment.StartsWith("%2e", StringComparison.OrdinalIgnoreCase))
            {
                segment = segment[3..];
            }
            else
            {
                return 0;
            }
        }

        return dots;
    }

    private static bool MayHaveDots(ReadOnlySpan<char> path) =>
        path.Contains("/.", StringComparison.Ordinal) || (path.Contains('%') && path.Contains("/%2e", StringComparison.OrdinalIgnoreCase));

    // RFC 3986 section 5.2.4.
    private static string Resolve(ReadOnlySpan<char> path)
    {
        var resolved = new char[path.Length + 1];
        var length = 0;
        var isLastDots = false;
        foreach (var range in path[1..].Split('/'))
        {
            var segment = path[1..][range];
            var dots = DotsIn(segment);
            isLastDots = dots is 1 or 2;
            if (dots == 2)
            {
                length = Math.Max(0, resolved.AsSpan(0, length).LastIndexOf('/'));
            }
            else if (dots != 1)
            {
                resolved[length++] = '/';
                segment.CopyTo(resolved.AsSpan(length));
                length += segment.Length;
            }
        }

        if (isLastDots)
        {
            resolved[length++] = '/';
        }

        return new string(resolved, 0, length);
    }
}
