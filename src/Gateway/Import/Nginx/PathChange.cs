namespace Gateway.Import.Nginx;

/// <summary>How a path becomes another on the way to the service: proxy_pass with a path, and <c>rewrite ... break</c>.</summary>
internal static class PathChange
{
    /// <summary>Replaces the start of the path that a location names by another, as <c>proxy_pass http://x/path</c> does.</summary>
    /// <param name="location">The start to be replaced.</param>
    /// <param name="isExact">Whether it is all of the path.</param>
    /// <param name="replacement">What stands there instead.</param>
    /// <param name="difference">Where the service sees another path than behind nginx; null where it is the same.</param>
    public static IReadOnlyList<JsonText> Replace(string location, bool isExact, string replacement, out string? difference)
    {
        difference = null;
        if (location == replacement)
        {
            return [];
        }

        if (isExact)
        {
            return [new JsonText().Add("PathSet", replacement)];
        }

        var (from, to) = (location.TrimEnd('/'), replacement.TrimEnd('/'));
        if (location.EndsWith('/') != replacement.EndsWith('/'))
        {
            var (left, right) = (location.EndsWith('/') ? "x" : "/x", "/x");
            difference = $"{location}{left} reaches the service as {to}{right}; nginx sends {replacement}{left}, because one of {location} and {replacement} ends with a slash and the other does not";
        }

        var transforms = new List<JsonText>();
        if (from.Length > 0)
        {
            transforms.Add(new JsonText().Add("PathRemovePrefix", from));
        }

        if (to.Length > 0)
        {
            transforms.Add(new JsonText().Add("PathPrefix", to));
        }

        return transforms;
    }

    /// <summary><c>rewrite ^/api/(.*)$ /$1 break;</c>: the start that goes and the one that comes; null for anything else.</summary>
    public static (string From, string To)? Prefixes(NginxDirective rewrite)
    {
        if (rewrite.Arguments is not [var pattern, var replacement, ..]
            || RegexPath.Template(pattern) is not { } match
            || match.Groups is not [var group]
            || !replacement.EndsWith("$1", StringComparison.Ordinal))
        {
            return null;
        }

        const string Rest = "{**rest}";
        var from = match.Template.EndsWith(Rest, StringComparison.Ordinal) ? match.Template[..^Rest.Length] : null;
        var to = replacement[..^2];
        if (from is null || to.Contains('$', StringComparison.Ordinal) || from.Contains('{', StringComparison.Ordinal) || to.Contains('?', StringComparison.Ordinal))
        {
            return null;
        }

        // With "^/api(.*)" the group has the slash itself.
        if (group is "/{rest}" or "{path}")
        {
            to += "/";
        }

        return to.StartsWith('/') && to.EndsWith('/') ? (from, to) : null;
    }
}
