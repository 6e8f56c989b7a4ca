namespace Gateway.Import.Nginx;

/// <summary>One server block.</summary>
internal sealed class NginxServer(NginxScope scope, IReadOnlyList<NginxListen> listens, NginxNames names)
{
    public NginxScope Scope { get; } = scope;

    public NginxDirective Block => Scope.Block!;

    public IReadOnlyList<NginxListen> Listens { get; } = listens;

    public NginxNames Names { get; } = names;

    public bool HasTls => Listens.Any(l => l.IsTls);

    public bool HasPlain => Listens.Any(l => !l.IsTls);

    public IReadOnlyList<int> Ports => [.. Listens.Select(l => l.Port).Distinct()];

    /// <summary><c>https</c> or <c>http</c> where it is only one of them: what <c>$scheme</c> is.</summary>
    public string? OnlyScheme => HasTls == HasPlain ? null : HasTls ? "https" : "http";

    /// <summary>What it is called in the names of its routes.</summary>
    public string Title => Names.Hosts.Count > 0 ? Names.Hosts[0].Replace("*.", "any.", StringComparison.Ordinal) : "default";

    /// <summary>Whether both could be asked for by the same name.</summary>
    public bool SharesNameWith(NginxServer other) =>
        Names.Hosts.Intersect(other.Names.Hosts).Any() || (Names.IsCatchAll && other.Names.IsCatchAll);
}
