using Gateway.Configuration;
using Yarp.ReverseProxy.Configuration;

namespace Gateway.Hosting;

/// <summary>A route as a person reads it: <c>/api/*</c> and where it goes.</summary>
internal sealed record RouteLine(string RouteId, string Pattern, string ClusterId, IReadOnlyList<string> Destinations)
{
    /// <summary>What the route answers by itself; null when a service does.</summary>
    public string? Answer { get; init; }

    /// <summary>In the order in which they are tried: the specific before the general.</summary>
    public static IReadOnlyList<RouteLine> All(GatewayConfiguration configuration)
    {
        var clusters = configuration.Clusters.ToDictionary(c => c.ClusterId, StringComparer.OrdinalIgnoreCase);
        return
        [
            .. configuration.Routes
                .OrderBy(r => r.Order ?? 0)
                .ThenByDescending(r => Specificity(r.Match.Path))
                .Select(r => new RouteLine(r.RouteId, Describe(r.Match), r.ClusterId ?? "", Addresses(clusters, r.ClusterId)) { Answer = RouteAnswer.Of(r)?.ToString() }),
        ];
    }

    private static int Specificity(string? path) => path?.Split('{')[0].Length ?? 0;

    private static string Describe(RouteMatch match)
    {
        var path = match.Path is null ? "" : CatchAllAsStar(match.Path);
        var hosts = match.Hosts is { Count: > 0 } ? string.Join(',', match.Hosts) : "";
        var methods = match.Methods is { Count: > 0 } ? string.Join(',', match.Methods) + " " : "";
        return (methods, hosts, path) switch
        {
            ("", "", "" or "/*" or "*") => "everything else",
            _ => methods + hosts + path,
        };
    }

    private static string CatchAllAsStar(string path)
    {
        var start = path.LastIndexOf("{*", StringComparison.Ordinal);
        return start >= 0 && path.EndsWith('}') ? path[..start] + "*" : path;
    }

    private static string[] Addresses(Dictionary<string, ClusterConfig> clusters, string? id) =>
        id is not null && clusters.TryGetValue(id, out var cluster) && cluster.Destinations is not null
            ? [.. cluster.Destinations.Values.Select(d => d.Address)]
            : [];
}
