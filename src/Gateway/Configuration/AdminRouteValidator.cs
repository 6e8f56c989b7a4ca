using System.Net;
using Yarp.ReverseProxy.Configuration;

namespace Gateway.Configuration;

/// <summary>Refuses a route that would show the gateway's own status to everybody.</summary>
internal static class AdminRouteValidator
{
    public static void Validate(
        ConfigurationNode root, IReadOnlyList<RouteConfig> routes, IReadOnlyList<ClusterConfig> clusters, AdminOptions? written, ConfigurationErrors errors)
    {
        var admin = written is null ? AdminAddress.Default : written.Address;
        if (admin?.Tcp is not { } tcp)
        {
            return;
        }

        var leading = clusters.Where(cluster => cluster.Destinations?.Values.Any(destination => LeadsTo(destination.Address, tcp)) == true)
            .Select(cluster => cluster.ClusterId).ToHashSet(StringComparer.OrdinalIgnoreCase);
        foreach (var route in routes.Where(route => route.ClusterId is not null && leading.Contains(route.ClusterId) && IsOpen(route)))
        {
            errors.Add(
                root.Nearest($"ReverseProxy:Routes:{route.RouteId}"), null,
                $"leads to {admin}, where the gateway's own status is, which asks nobody who he is",
                "give the route an AuthorizationPolicy; if a service of yours listens there, give Gateway:Admin another port or write off");
        }
    }

    private static bool IsOpen(RouteConfig route) =>
        string.IsNullOrEmpty(route.AuthorizationPolicy) || route.AuthorizationPolicy.Equals("Anonymous", StringComparison.OrdinalIgnoreCase);

    private static bool LeadsTo(string address, IPEndPoint admin) =>
        Uri.TryCreate(address, UriKind.Absolute, out var uri)
        && uri.Port == admin.Port
        && (uri.IsLoopback || (IPAddress.TryParse(uri.DnsSafeHost, out var ip) && IPAddress.IsLoopback(ip)));
}
