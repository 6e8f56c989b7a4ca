using System.Text.RegularExpressions;

namespace Gateway.Import.Nginx;

/// <summary>The path template of a location.</summary>
internal static class LocationPath
{
    /// <param name="location">Not a named one.</param>
    /// <param name="hasTwin">Whether the same path with a slash at its end is another location.</param>
    /// <param name="isGuarded">Whether it keeps people out: then it takes no fewer paths than nginx's.</param>
    /// <param name="difference">Which requests it takes that nginx's would not, or the other way round; null for none.</param>
    /// <returns>Null where no template can say it.</returns>
    public static string? Template(NginxLocation location, bool hasTwin, bool isGuarded, out string? difference)
    {
        difference = null;
        var pattern = location.Pattern;
        if (location.Kind == LocationKind.Regex)
        {
            return RegexPath.Constraint(pattern, location.IgnoresCase, location.Parent is { Kind: LocationKind.Prefix or LocationKind.FinalPrefix } parent ? parent.Pattern : "");
        }

        if (!pattern.StartsWith('/') || pattern.Contains("//", StringComparison.Ordinal))
        {
            return null;
        }

        var path = pattern.TrimEnd('/').Replace("{", "{{", StringComparison.Ordinal).Replace("}", "}}", StringComparison.Ordinal);
        string template;
        if (path.Length == 0)
        {
            template = location.Kind == LocationKind.Exact ? "/" : "/{**rest}";
        }
        else if (location.Kind == LocationKind.Exact || hasTwin)
        {
            template = path;
            difference = "in any case, and with or without a slash at its end";
        }
        else if (isGuarded && !pattern.EndsWith('/'))
        {
            difference = "in any case";
            return RegexPath.Constraint("^" + Regex.Escape(pattern), true);
        }
        else
        {
            template = path + "/{**rest}";
            difference = pattern.EndsWith('/')
                ? $"{pattern} in any case, and {pattern[..^1]} as well, which nginx redirects"
                : $"{pattern} and what is below it, in any case; nginx's also takes paths that only begin so, such as {pattern}-x";
        }

        return RegexPath.IsUsable(template) ? template : null;
    }

    /// <summary>What a route is called by its path.</summary>
    public static string Name(NginxLocation location)
    {
        var words = string.Join('-', string.Concat(location.Pattern.Select(c => char.IsAsciiLetterOrDigit(c) || c is '_' ? c : ' ')).Split(' ', StringSplitOptions.RemoveEmptyEntries).Take(5));
        return words.Length > 0 ? words : location.Kind == LocationKind.Exact ? "front" : "web";
    }
}
