using System.Text;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Routing.Patterns;

namespace Gateway.Import.Nginx;

/// <summary>Writes nginx's regular expressions, which see the path with its first slash, as path templates of routes.</summary>
internal static class RegexPath
{
    /// <summary>A template whose one parameter, constrained by the expression, takes the whole path; null where that is not sure to mean the same.</summary>
    /// <param name="pattern">nginx's.</param>
    /// <param name="ignoresCase">Whether it was written after <c>~*</c>.</param>
    /// <param name="below">A path below which it applies, for nested locations; empty for everywhere.</param>
    public static string? Constraint(string pattern, bool ignoresCase, string below = "")
    {
        var parts = Alternatives(pattern.Replace("\\/", "/", StringComparison.Ordinal)).Select(WithoutFirstSlash).ToArray();
        if (parts.Length == 0 || parts.Contains(null))
        {
            return null;
        }

        var expression = string.Join('|', parts);
        if (below.Length > 1)
        {
            expression = $"^(?={Regex.Escape(below[1..])})(?:{string.Join('|', parts.Select(p => p![0] == '^' ? p[1..] : ".*?(?:" + p + ")"))})";
        }

        if (!ignoresCase)
        {
            // ASP.NET Core's constraint ignores case.
            expression = $"(?-i:{expression})";
        }

        // What ends a constraint in a template.
        expression = expression.Replace("):", ")\\x3a", StringComparison.Ordinal).Replace(")=", ")\\x3d", StringComparison.Ordinal)
            .Replace("{", "{{", StringComparison.Ordinal).Replace("}", "}}", StringComparison.Ordinal);
        var template = $"/{{**path:regex({expression})}}";
        return IsUsable(template) && IsUsableRegex(string.Join('|', parts)) ? template : null;
    }

    /// <summary>A template with a parameter for each group, for expressions such as <c>^/old/(.*)$</c>.</summary>
    /// <returns>The template, and what stands for <c>$1</c>, <c>$2</c> ... in a target; null where the expression is more than that.</returns>
    public static (string Template, IReadOnlyList<string> Groups)? Template(string pattern)
    {
        if (pattern is "^" or ".*" or "(.*)" or "^(.*)$" or "^(.*)" or "^.*$" or "^.*")
        {
            return ("/{**rest}", ["{path}"]);
        }

        if (pattern is "^/(.*)$" or "^/(.*)" or "^/?(.*)$" or "^/?(.*)")
        {
            return ("/{**rest}", ["{rest}"]);
        }

        if (!pattern.StartsWith("^/", StringComparison.Ordinal))
        {
            return null;
        }

        var template = new StringBuilder("/");
        var groups = new List<string>();
        var at = 2;
        while (at < pattern.Length)
        {
            var rest = pattern[at..];
            if (rest is "$" or "/?$")
            {
                at = pattern.Length + 1;
            }
            else if (rest is "(.*)$" or "(.*)" or "(.+)$" or "(.+)" or ".*$" or ".*")
            {
                var isSegment = template[^1] == '/';
                groups.AddRange(rest[0] == '(' ? [isSegment ? "{rest}" : "/{rest}"] : []);
                template.Append(isSegment ? "{**rest}" : "/{**rest}");
                at = pattern.Length + 1;
            }
            else if (rest[0] == '(')
            {
                var end = rest.IndexOf(')', StringComparison.Ordinal);
                if (end < 0 || template[^1] != '/' || rest[1..].StartsWith('?') || !IsOneSegment(rest[1..end]) || (end + 1 < rest.Length && rest[end + 1] is not ('/' or '$')))
                {
                    return null;
                }

                var name = $"part{groups.Count + 1}";
                groups.Add($"{{{name}}}");
                template.Append(rest[1..end] is "[^/]+" ? $"{{{name}}}" : $"{{{name}:regex(^(?-i:{rest[1..end]})$)}}");
                at += end + 1;
            }
            else if (rest[0] == '\\' && rest.Length > 1 && !char.IsLetterOrDigit(rest[1]))
            {
                template.Append(rest[1]);
                at += 2;
            }
            else if (rest[0] == '/' || char.IsLetterOrDigit(rest[0]) || rest[0] is '-' or '_' or '~' or '%' or ',' or '@' or '!' || (rest[0] == '.' && rest.Length > 1 && char.IsLetter(rest[1])))
            {
                template.Append(rest[0]);
                at++;
            }
            else
            {
                return null;
            }
        }

        // Without an end the expression matches whatever follows.
        if (at == pattern.Length)
        {
            template.Append(template[^1] == '/' ? "{**rest}" : "/{**rest}");
        }

        return IsUsable(template.ToString()) ? (template.ToString(), groups) : null;
    }

    public static bool IsUsable(string template)
    {
        try
        {
            RoutePatternFactory.Parse(template);
            return !template.Contains('\0', StringComparison.Ordinal);
        }
        catch (Exception e) when (e is RoutePatternException or ArgumentException)
        {
            return false;
        }
    }

    private static bool IsUsableRegex(string expression)
    {
        try
        {
            _ = new Regex(expression, RegexOptions.CultureInvariant, TimeSpan.FromSeconds(1));
            return true;
        }
        catch (ArgumentException)
        {
            return false;
        }
    }

    private static bool IsOneSegment(string group) =>
        group is "[^/]+" or "\\d+" or "\\w+" || (group.Length > 3 && group[0] == '[' && group[1] != '^' && group.EndsWith("]+", StringComparison.Ordinal) && group.IndexOfAny(['/', '{', '}', '(', ')']) < 0)
        || (group.Length > 0 && group.All(c => char.IsLetterOrDigit(c) || c is '-' or '_' or '|'));

    // The parameter's value has no first slash: "^/api" is "^api", "/\.ht" is the same at the start or after a slash.
    private static string? WithoutFirstSlash(string part)
    {
        if (part.StartsWith("^/", StringComparison.Ordinal))
        {
            return part.Length > 2 && part[2] is '?' or '*' or '+' or '{' ? null : "^" + part[2..];
        }

        if (part.StartsWith("^.*", StringComparison.Ordinal) || part.StartsWith("^.+", StringComparison.Ordinal))
        {
            return "^.*" + part[3..];
        }

        if (part.StartsWith('/'))
        {
            return part.Length > 1 && part[1] is '?' or '*' or '+' or '{' ? null : "(?:^|/)" + part[1..];
        }

        var startsPlainly = part.Length > 0 && (char.IsLetterOrDigit(part[0]) || part[0] is '-' or '_' || part.StartsWith("\\.", StringComparison.Ordinal) || part.StartsWith(".*", StringComparison.Ordinal)
            || part.StartsWith("(.*)", StringComparison.Ordinal));
        return startsPlainly ? part : null;
    }

    private static List<string> Alternatives(string pattern)
    {
        var (parts, depth, start, inClass) = (new List<string>(), 0, 0, false);
        for (var i = 0; i < pattern.Length; i++)
        {
            switch (pattern[i])
            {
                case '\\':
                    i++;
                    break;
                case '[' when !inClass:
                    inClass = true;
                    break;
                case ']' when inClass:
                    inClass = false;
                    break;
                case '(' when !inClass:
                    depth++;
                    break;
                case ')' when !inClass:
                    depth--;
                    break;
                case '|' when !inClass && depth == 0:
                    parts.Add(pattern[start..i]);
                    start = i + 1;
                    break;
            }
        }

        parts.Add(pattern[start..]);
        return parts;
    }
}
