namespace Gateway.Import.Nginx;

internal enum LocationKind
{
    Prefix,

    /// <summary><c>^~</c>: a prefix that no regular expression overrules.</summary>
    FinalPrefix,
    Exact,
    Regex,
    Named,
}

/// <summary>One location block, or a server's own directives as the location of everything.</summary>
/// <param name="Pattern">A path, a regular expression, or a name with its <c>@</c>.</param>
/// <param name="Parent">The location around it; null for one of the server.</param>
internal sealed record NginxLocation(LocationKind Kind, string Pattern, bool IgnoresCase, NginxScope Scope, NginxLocation? Parent)
{
    public NginxDirective Directive => Scope.Block!;

    /// <summary>All of a server, nested ones after the one around them.</summary>
    public static IReadOnlyList<NginxLocation> Read(NginxScope scope, NginxLocation? parent = null)
    {
        var locations = new List<NginxLocation>();
        foreach (var block in scope.Own("location").Where(d => d.Block is not null && d.Arguments.Count > 0))
        {
            var (kind, pattern, ignoresCase) = Parse(block.Arguments);
            var location = new NginxLocation(kind, pattern, ignoresCase, scope.Inner(block), parent);
            locations.Add(location);
            locations.AddRange(Read(location.Scope, location));
        }

        return locations;
    }

    private static (LocationKind Kind, string Pattern, bool IgnoresCase) Parse(IReadOnlyList<string> words)
    {
        // nginx takes "=/x" for "= /x".
        var first = words[0];
        var modifier = words.Count > 1 ? first
            : first.StartsWith("~*", StringComparison.Ordinal) || first.StartsWith("^~", StringComparison.Ordinal) ? first[..2]
            : first.Length > 0 && first[0] is '=' or '~' or '@' ? first[..1] : "";
        var pattern = words.Count > 1 ? words[1] : first[modifier.Length..];
        return modifier switch
        {
            "=" => (LocationKind.Exact, pattern, false),
            "^~" => (LocationKind.FinalPrefix, pattern, false),
            "~" => (LocationKind.Regex, pattern, false),
            "~*" => (LocationKind.Regex, pattern, true),
            "@" => (LocationKind.Named, "@" + pattern, false),
            _ => (LocationKind.Prefix, pattern, false),
        };
    }
}
