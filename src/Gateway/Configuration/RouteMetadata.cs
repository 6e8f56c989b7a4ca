using Yarp.ReverseProxy.Configuration;

namespace Gateway.Configuration;

/// <summary>What a route's <c>Metadata</c> tells the gateway. YARP leaves these values to whoever knows them.</summary>
internal static class RouteMetadata
{
    public const string WebSockets = "WebSockets";
    public const string EncodedSlashes = "EncodedSlashes";

    /// <summary>Whether WebSockets may be opened; no unless written.</summary>
    public static bool AllowsWebSockets(RouteConfig route) => Is(route, WebSockets);

    /// <summary>Whether <c>%2F</c> may stand in the path; no unless written.</summary>
    public static bool AllowsEncodedSlashes(RouteConfig route) => Is(route, EncodedSlashes);

    private static bool Is(RouteConfig route, string key) =>
        route.Metadata?.TryGetValue(key, out var value) == true && bool.TryParse(value, out var isSet) && isSet;
}
