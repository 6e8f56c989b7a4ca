using System.Buffers;
using Gateway.Proxying;

namespace Gateway.Boundary;

/// <summary>
/// What is wrong with a request target: everything that a service could read as another path than the one that was routed. Dot segments
/// are not among it, since <see cref="RequestTarget"/> resolves them the way routing does.
/// </summary>
internal static class TargetRules
{
    private static readonly SearchValues<char> Worrying = SearchValues.Create("%\\;");

    // Names, addresses and ports. No userinfo (RFC 9110 section 4.2.4), nothing encoded.
    private static readonly SearchValues<char> Authority = SearchValues.Create("-.:[]_0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz");

    /// <param name="target">As the client sent it: <c>/path?query</c> or <c>https://host/path?query</c>.</param>
    /// <returns>A sentence for the sender; null when nothing is wrong.</returns>
    public static string? Violation(string target)
    {
        foreach (var c in target)
        {
            if (c is <= ' ' or >= '\x7f' or '#')
            {
                return "The request target holds a character that must be percent-encoded.";
            }
        }

        if (target[0] != '/' && !IsAbsoluteForm(target))
        {
            return "The request target is no path."; // OPTIONS * asks about the server as a whole, which is none of the services
        }

        var path = RequestTarget.PathOf(target);
        return path.ContainsAny(Worrying) ? PathViolation(path) : null;
    }

    /// <summary>Whether the path has a slash that is percent-encoded, which some services take for a slash and some do not.</summary>
    public static bool HasEncodedSlash(string target) =>
        target.Contains('%') && RequestTarget.PathOf(target).Contains("%2f", StringComparison.OrdinalIgnoreCase);

    /// <summary>Whether the path would climb if its encoded slashes were slashes: <c>/files/..%2fsecret</c>.</summary>
    public static bool HasEncodedClimb(string target)
    {
        var decoded = RequestTarget.PathOf(target).ToString().Replace("%2f", "/", StringComparison.OrdinalIgnoreCase).AsSpan();
        foreach (var segment in decoded.Split('/'))
        {
            if (RequestTarget.DotsIn(decoded[segment]) is 1 or 2)
            {
                return true;
            }
        }

        return false;
    }

    // RFC 9112 section 3.2.2. A URI library forgives much between scheme and path (no authority, a backslash, a query at once), and would
    // then route another path than the one that is sent on.
    private static bool IsAbsoluteForm(string target)
    {
        var scheme = target.IndexOf("://", StringComparison.Ordinal);
        if (scheme < 0 || target[..scheme].ToLowerInvariant() is not ("https" or "http"))
        {
            return false;
        }

        var rest = target.AsSpan(scheme + 3);
        var end = rest.IndexOfAny('/', '?');
        var authority = end < 0 ? rest : rest[..end];
        return authority.Length > 0 && !authority.ContainsAnyExcept(Authority);
    }

    private static string? PathViolation(ReadOnlySpan<char> path)
    {
        if (path.Contains('\\'))
        {
            return "The path holds a backslash.";
        }

        for (var i = path.IndexOf('%'); i >= 0 && i < path.Length; i++)
        {
            if (path[i] != '%')
            {
                continue;
            }

            if (Octet(path, i) is not { } octet)
            {
                return "The path holds a percent sign without two hexadecimal digits.";
            }

            if (octet is < 0x20 or 0x7f)
            {
                return "The path holds an encoded control character.";
            }

            if (octet == '\\')
            {
                return "The path holds an encoded backslash.";
            }

            if (IsOverlong(octet, Octet(path, i + 3)))
            {
                return "The path holds an overlong form of UTF-8."; // RFC 3629 section 10: the old way to smuggle a slash
            }
        }

        // Java's servlet containers cut parameters off each segment before they resolve dots: "..;x" climbs there and nowhere else.
        foreach (var range in path.Split('/'))
        {
            var segment = path[range];
            var parameters = segment.IndexOf(';') is var plain and >= 0 ? plain : segment.IndexOf("%3b", StringComparison.OrdinalIgnoreCase);
            if (parameters > 0 && RequestTarget.DotsIn(segment[..parameters]) is 1 or 2)
            {
                return "The path holds a dot segment with parameters.";
            }
        }

        return null;
    }

    private static bool IsOverlong(byte first, byte? second) => first switch
    {
        0xc0 or 0xc1 => second is >= 0x80 and <= 0xbf,
        0xe0 => second is >= 0x80 and <= 0x9f,
        0xf0 => second is >= 0x80 and <= 0x8f,
        _ => false,
    };

    private static byte? Octet(ReadOnlySpan<char> path, int percent) =>
        percent + 2 < path.Length && path[percent] == '%' && char.IsAsciiHexDigit(path[percent + 1]) && char.IsAsciiHexDigit(path[percent + 2])
            ? byte.Parse(path.Slice(percent + 1, 2), System.Globalization.NumberStyles.HexNumber, System.Globalization.CultureInfo.InvariantCulture)
            : null;
}
