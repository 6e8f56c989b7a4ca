using Gateway.Configuration;
using Yarp.ReverseProxy.Configuration;

namespace Gateway.Explain;

/// <summary>How much and how often.</summary>
internal static class LimitLines
{
    private const string Section = "Gateway:Limits:";

    public static ExplanationSection For(GatewayConfiguration configuration, RouteConfig? route)
    {
        var sources = new Sources(configuration);
        var limits = configuration.Gateway.Limits;
        return new ExplanationSection("Limits", [
            Body(configuration, sources, route),
            Limit(nameof(limits.MaxRequestLineSize), Words.Bytes(limits.MaxRequestLineSize) + ", then 414"),
            Limit(nameof(limits.MaxRequestHeadersSize), Words.Bytes(limits.MaxRequestHeadersSize) + ", then 431"),
            Limit(nameof(limits.MaxRequestHeaderCount), Words.Number(limits.MaxRequestHeaderCount) + ", then 431"),
            Limit(nameof(limits.MaxConnections), Words.Number(limits.MaxConnections)),
            Limit(nameof(limits.MaxConnectionsPerAddress), Words.Number(limits.MaxConnectionsPerAddress)),
            Limit(nameof(limits.RequestsPerSecondPerAddress), limits.RequestsPerSecondPerAddress is { } rate ? $"{Words.Number(rate)}, {Words.Number(2 * rate)} at once, then 429" : "no limit"),
            Limit(nameof(limits.MaxStreamsPerConnection), Words.Number(limits.MaxStreamsPerConnection)),
            Limit(nameof(limits.AbortedRequestsPerSecond), Words.Number(limits.AbortedRequestsPerSecond)),
            Limit(nameof(limits.ControlFramesPerSecond), Words.Number(limits.ControlFramesPerSecond)),
            Limit(nameof(limits.MaxConcurrentHandshakes), Words.Number(limits.MaxConcurrentHandshakes)),
            Limit(nameof(limits.MaxWebSockets), Words.Number(limits.MaxWebSockets) + ", then 503"),
            Limit(nameof(limits.MaxWebSocketsPerAddress), Words.Number(limits.MaxWebSocketsPerAddress))]);

        ExplanationLine Limit(string name, string value) => sources.Line(name, value, Section + name);
    }

    private static ExplanationLine Body(GatewayConfiguration configuration, Sources sources, RouteConfig? route) => route?.MaxRequestBodySize is { } own
        ? sources.Line("MaxRequestBodySize", own < 0 ? "no limit" : Words.Bytes(own) + ", then 413", $"ReverseProxy:Routes:{route.RouteId}:MaxRequestBodySize")
        : sources.Line("MaxRequestBodySize", Words.Bytes(configuration.Gateway.MaxRequestBodySize) + ", then 413", Section + "MaxRequestBodySize");
}
