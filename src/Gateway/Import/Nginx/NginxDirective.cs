namespace Gateway.Import.Nginx;

/// <summary>One directive: <c>proxy_pass http://127.0.0.1:3000;</c>, or a block.</summary>
/// <param name="Name">Its first word.</param>
/// <param name="Arguments">The other words.</param>
/// <param name="Place">Of its first word.</param>
/// <param name="Block">What stands between its braces, or in the files that an <c>include</c> names; null where it ends with ';'.</param>
internal sealed record NginxDirective(string Name, IReadOnlyList<string> Arguments, NginxPlace Place, IReadOnlyList<NginxDirective>? Block)
{
    /// <summary>What reading it has shown, for the report; null for nothing.</summary>
    public string? Problem { get; init; }

    public bool IsInclude => Name == "include";

    /// <summary>The directives of the block, with those of included files in the place of their <c>include</c>.</summary>
    public IEnumerable<NginxDirective> Content => Flatten(Block ?? []);

    public string First => Arguments.Count > 0 ? Arguments[0] : "";

    /// <summary>Null where it stands alone.</summary>
    public string? Last => Arguments is [.., var last] ? last : null;

    /// <summary>As it would be written.</summary>
    public override string ToString()
    {
        var line = string.Join(' ', [Name, .. Arguments.Select(Quote)]);
        return Block is null || IsInclude ? line + ";" : line + " {";
    }

    public static IEnumerable<NginxDirective> Flatten(IEnumerable<NginxDirective> directives) =>
        directives.SelectMany(d => d.IsInclude ? Flatten(d.Block ?? []) : [d]);

    // By identity: the same line may stand twice.
    public bool Equals(NginxDirective? other) => ReferenceEquals(this, other);

    public override int GetHashCode() => System.Runtime.CompilerServices.RuntimeHelpers.GetHashCode(this);

    private static string Quote(string word) =>
        word.Length == 0 || word.IndexOfAny([' ', '\t', '\r', '\n', ';', '"', '\'']) >= 0
            ? "\"" + word.Replace("\"", "\\\"", StringComparison.Ordinal).Replace("\n", "\\n", StringComparison.Ordinal).Replace("\r", "\\r", StringComparison.Ordinal) + "\""
            : word;
}
