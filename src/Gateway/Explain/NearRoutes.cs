using Gateway.Configuration;
using Gateway.Hosting;
using Yarp.ReverseProxy.Configuration;

namespace Gateway.Explain;

/// <summary>For a request that no route takes: which route would, were it not for its methods, hosts, headers or query. The routes are
/// asked again without these, so that routing itself says so.</summary>
internal static class NearRoutes
{
    private static readonly Criterion[] Criteria =
    [
        new("Methods", match => match.Methods, match => match with { Methods = null }),
        new("Hosts", match => match.Hosts, match => match with { Hosts = null }),
        new("Headers", match => match.Headers?.Select(header => header.Name), match => match with { Headers = null }),
        new("QueryParameters", match => match.QueryParameters?.Select(parameter => parameter.Name), match => match with { QueryParameters = null }),
    ];

    /// <returns>A sentence for each such route.</returns>
    public static async Task<IReadOnlyList<string>> FindAsync(
        GatewayConfiguration configuration, HostMode mode, EndpointOptions endpoint, ExplainedRequest request, TimeProvider clock, CancellationToken cancellationToken)
    {
        List<string> found = [];
        // Without a criterion two may take the same: then the first of them.
        var rank = RouteLine.All(configuration).Select((line, index) => (line.RouteId, index)).ToDictionary(pair => pair.RouteId, pair => pair.index);
        foreach (var criterion in Criteria.Where(criterion => configuration.Routes.Any(route => criterion.Of(route.Match)?.Any() == true)))
        {
            var relaxed = configuration with { Routes = [.. configuration.Routes.Select(route => Relaxed(route, criterion, rank))] };
            var result = await Rehearsal.RunAsync(relaxed, mode, endpoint, request, clock, cancellationToken);
            if (result.Watch.Route is { } near && configuration.Routes.FirstOrDefault(route => route.RouteId == near.RouteId) is { } route)
            {
                var path = $"ReverseProxy:Routes:{route.RouteId}:Match:{criterion.Name}";
                found.Add($"The route '{route.RouteId}' would take it, but for its {criterion.Name} ({Words.List(criterion.Of(route.Match), "")}): {configuration.Locate(path)}");
            }
        }

        return found;
    }

    private static RouteConfig Relaxed(RouteConfig route, Criterion criterion, Dictionary<string, int> rank)
    {
        var match = criterion.Without(route.Match);
        return route with { Order = rank[route.RouteId], Match = match.Path is null && match.Hosts is null ? match with { Path = "/{**any}" } : match };
    }

    private sealed record Criterion(string Name, Func<RouteMatch, IEnumerable<string>?> Of, Func<RouteMatch, RouteMatch> Without);
}
