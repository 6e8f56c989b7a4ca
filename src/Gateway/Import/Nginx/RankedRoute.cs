namespace Gateway.Import.Nginx;

/// <summary>In which order nginx asks: what a server says for all paths, exact and final paths, regular expressions as they are written,
/// then the longest path.</summary>
internal enum RouteRank
{
    Server,
    Exact,
    Regex,
    Prefix,
}

internal sealed record RankedRoute(ImportedRoute Route, RouteRank Rank, NginxDirective Source);
