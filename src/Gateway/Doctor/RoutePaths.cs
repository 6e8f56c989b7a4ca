using Gateway.Configuration;
using Gateway.Hosting;
using Yarp.ReverseProxy.Configuration;

namespace Gateway.Doctor;

/// <summary>Which route takes a path, as far as paths decide it.</summary>
internal static class RoutePaths
{
    /// <summary>The first route, in the order in which they are tried, whose fixed beginning the path has; null when none does.</summary>
    public static RouteConfig? For(GatewayConfiguration configuration, string path) =>
        RouteLine.All(configuration).Select(line => configuration.Routes.First(r => r.RouteId == line.RouteId)).FirstOrDefault(route => Takes(route, path));

    /// <summary>A path that the route takes for certain: its pattern up to the first parameter.</summary>
    public static string Example(RouteConfig route) => Beginning(route) is { Length: > 0 } beginning ? beginning : "/";

    /// <summary>Whether its pattern names one path alone.</summary>
    public static bool IsExact(RouteConfig route) => route.Match.Path is { } path && !path.Contains('{', StringComparison.Ordinal);

    private static bool Takes(RouteConfig route, string path) => IsExact(route)
        ? path.Equals(Beginning(route), StringComparison.OrdinalIgnoreCase)
        : path.StartsWith(Beginning(route), StringComparison.OrdinalIgnoreCase) || path + "/" == Beginning(route);

    private static string Beginning(RouteConfig route) => route.Match.Path is { } path ? "/" + path.Split('{')[0].TrimStart('/') : "/";
}
