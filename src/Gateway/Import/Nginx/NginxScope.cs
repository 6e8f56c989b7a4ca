namespace Gateway.Import.Nginx;

/// <summary>A block with those around it. nginx inherits a directive from outside where a block has none of its name: one value, or all
/// of a list (headers, addresses) together.</summary>
internal sealed class NginxScope(NginxDirective? block, IEnumerable<NginxDirective> directives, NginxScope? outer)
{
    /// <summary>Null for the file itself.</summary>
    public NginxDirective? Block { get; } = block;

    public NginxScope? Outer { get; } = outer;

    public IReadOnlyList<NginxDirective> Directives { get; } = [.. directives];

    public NginxScope Inner(NginxDirective block) => new(block, block.Content, this);

    public IEnumerable<NginxDirective> Own(string name) => Directives.Where(d => d.Name == name);

    /// <summary>What holds here, wherever it is written.</summary>
    public IReadOnlyList<NginxDirective> All(string name)
    {
        NginxDirective[] own = [.. Own(name)];
        return own.Length > 0 ? own : Outer?.All(name) ?? [];
    }

    /// <summary>As <see cref="All"/>, where several names make up one list.</summary>
    public IReadOnlyList<NginxDirective> AllOf(params string[] names)
    {
        NginxDirective[] own = [.. Directives.Where(d => names.Contains(d.Name))];
        return own.Length > 0 ? own : Outer?.AllOf(names) ?? [];
    }

    public NginxDirective? Find(string name) => All(name) is [.., var last] ? last : null;
}
