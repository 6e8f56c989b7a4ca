using Gateway.Configuration;
using Yarp.ReverseProxy.Configuration;

namespace Gateway.Explain;

/// <summary>Where the request goes, for how long, and how the answer comes back.</summary>
internal static class ServiceLines
{
    private const string BuiltIn = "built in";

    public static IEnumerable<ExplanationSection> All(GatewayConfiguration configuration, ExplainedRequest request, RehearsedRequest result)
    {
        var sources = new Sources(configuration);
        if (result.Watch.Cluster is { } cluster && result.Received is { } received)
        {
            yield return HeaderLines.Request(configuration, request, result);
            var target = HeaderLines.Transforms(configuration, result).Prepend(new ExplanationLine("Request line", $"{received.Method} {received.Target}", received.Target == request.Target && received.Method == request.Method ? "as it came" : "changed"));
            yield return new ExplanationSection("Target", [.. target]);
            yield return new ExplanationSection("Destination", [.. Destination(sources, cluster, result, received)]);
        }

        yield return Timeouts(configuration, sources, result.Watch.Route, result.Watch.Cluster);
        var gateway = configuration.Gateway;
        yield return HeaderLines.Response(configuration, result);
        yield return new ExplanationSection("Answer", [
            sources.Line("Compression", gateway.Compression ? "on: text of a known length, for who accepts it" : "off", "Gateway:Compression"),
            sources.Line("StrictTransportSecurity", gateway.StrictTransportSecurity ?? "off", "Gateway:StrictTransportSecurity"),
            sources.Line("AccessLog", gateway.AccessLog is { } log ? $"{log.Format} in {log.Path}" : "a record of the log", "Gateway:AccessLog"),
            sources.Line("ErrorPages", Words.List(gateway.ErrorPages.Keys, "the gateway's own"), "Gateway:ErrorPages")]);
    }

    private static IEnumerable<ExplanationLine> Destination(Sources sources, ClusterConfig cluster, RehearsedRequest result, ServiceRequest received)
    {
        var own = "ReverseProxy:Clusters:" + cluster.ClusterId;
        var destinations = cluster.Destinations ?? new Dictionary<string, DestinationConfig>();
        yield return sources.Line(cluster.ClusterId, result.Watch.Destination ?? "", own);
        if (destinations.Count > 1)
        {
            yield return sources.Line("LoadBalancingPolicy", $"{cluster.LoadBalancingPolicy ?? "PowerOfTwoChoices"}, among {Words.List(destinations.Values.Select(d => d.Address), "")}", own + ":LoadBalancingPolicy");
        }

        yield return sources.Line("SessionAffinity", cluster.SessionAffinity is { Enabled: true } affinity ? $"{affinity.Policy ?? "HashCookie"} {affinity.AffinityKeyName}" : "off", own + ":SessionAffinity");
        yield return sources.Line("HealthCheck", Health(cluster.HealthCheck), own + ":HealthCheck");
        yield return sources.Line("HTTP version", received.Version.ToString(), own + ":HttpRequest:Version");
    }

    private static string Health(HealthCheckConfig? check) => (check?.Active?.Enabled, check?.Passive?.Enabled) switch
    {
        (true, true) => "active and passive: a destination that fails is left out",
        (true, _) => "active: a destination that fails is left out",
        (_, true) => "passive: a destination that fails is left out",
        _ => "off",
    };

    private static ExplanationSection Timeouts(GatewayConfiguration configuration, Sources sources, RouteConfig? route, ClusterConfig? cluster)
    {
        var (gateway, limits) = (configuration.Gateway, configuration.Gateway.Limits);
        var (ownRoute, ownCluster) = ($"ReverseProxy:Routes:{route?.RouteId}:", $"ReverseProxy:Clusters:{cluster?.ClusterId}:HttpRequest:ActivityTimeout");
        List<ExplanationLine> lines =
        [
            sources.Line("RequestHeadersTimeout", Words.Span(limits.RequestHeadersTimeout) + ", then 408", "Gateway:Limits:RequestHeadersTimeout"),
            new("Connect", "00:00:10, then 504", BuiltIn),
            new("Silence of the service", Words.Span(cluster?.HttpRequest?.ActivityTimeout ?? gateway.RequestTimeout) + ", then 504", cluster is null ? sources.Of("Gateway:Timeouts:Request") : sources.OfFirst(ownCluster, "Gateway:Timeouts:Request")),
            route is null ? new("Whole request", Words.None, Sources.Default)
                : new("Whole request", route.TimeoutPolicy ?? (route.Timeout is { } timeout ? Words.Span(timeout) + ", then 504" : Words.None), sources.OfFirst(ownRoute + "Timeout", ownRoute + "TimeoutPolicy")),
            sources.Line("Silence of a WebSocket", Words.Span(gateway.WebSocketIdleTimeout), "Gateway:WebSockets:IdleTimeout"),
            sources.Line("SlowReaderTimeout", Words.Span(limits.SlowReaderTimeout), "Gateway:Limits:SlowReaderTimeout"),
            sources.Line("DrainTimeout", Words.Span(gateway.DrainTimeout), "Gateway:Shutdown:DrainTimeout"),
        ];
        return new ExplanationSection("Timeouts", lines);
    }
}
