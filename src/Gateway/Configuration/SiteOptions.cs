using System.Text;
using System.Text.RegularExpressions;

namespace Gateway.Configuration;

/// <summary><c>Gateway:StaticFiles</c>: a built front end that the gateway serves itself, for every request that no route takes.</summary>
/// <param name="Root">Its folder.</param>
internal sealed record SiteOptions(string Root)
{
    /// <summary>The file for addresses that only the front end's own router knows, relative to <see cref="Root"/>; null when these are 404.</summary>
    public string? Fallback { get; init; }

    /// <summary>The first that matches a file counts; without one, <c>no-cache</c>: browsers ask each time whether it has changed.</summary>
    public IReadOnlyList<CacheRule> CacheControl { get; init; } = [];

    /// <summary>One of <c>Gateway:Access</c>; null when everybody may have the files.</summary>
    public string? AuthorizationPolicy { get; init; }
}

/// <summary>How long browsers may keep some files without asking.</summary>
/// <param name="Pattern">As written: <c>*</c> within a segment, <c>**</c> over segments; without a slash, a file name in any folder.</param>
/// <param name="Value">Of the header Cache-Control.</param>
internal sealed record CacheRule(string Pattern, string Value)
{
    private readonly Regex _path = Compile(Pattern);

    /// <param name="path">Of the file below the root, with slashes and without a leading one.</param>
    public bool Matches(string path) => _path.IsMatch(path);

    private static Regex Compile(string pattern)
    {
        var regex = new StringBuilder("^");
        if (!pattern.Contains('/', StringComparison.Ordinal))
        {
            regex.Append("(.*/)?");
        }

        for (var rest = pattern.AsSpan().TrimStart('/'); !rest.IsEmpty;)
        {
            var (token, length) = rest switch
            {
                ['*', '*', '/', ..] => ("(.*/)?", 3),
                ['*', '*', ..] => (".*", 2),
                ['*', ..] => ("[^/]*", 1),
                _ => (Regex.Escape(rest[..1].ToString()), 1),
            };
            regex.Append(token);
            rest = rest[length..];
        }

        return new Regex(regex.Append('$').ToString(), RegexOptions.NonBacktracking | RegexOptions.CultureInvariant);
    }
}
