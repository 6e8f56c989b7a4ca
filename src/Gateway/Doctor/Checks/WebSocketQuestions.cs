using Gateway.Configuration;
using Yarp.ReverseProxy.Configuration;

namespace Gateway.Doctor.Checks;

/// <summary>Where WebSockets may be opened, and what the services say there.</summary>
internal static class WebSocketQuestions
{
    /// <summary>The paths to try: those that the operator names, those of calls that are open, those that the page opens; for a route
    /// without any of these, the beginning of its pattern.</summary>
    public static async Task<IReadOnlyList<(RouteConfig Route, WebSocketPath Path)>> PathsAsync(Examination examination)
    {
        var page = await examination.PageAsync();
        var routes = examination.Configuration.Routes.Where(r => r.ClusterId is not null && RouteAnswer.Of(r) is null).ToArray();
        var found = new List<(RouteConfig, WebSocketPath)>();
        foreach (var route in routes)
        {
            WebSocketPath[] known =
            [
                .. examination.WebSocketPaths.Select(p => new WebSocketPath(p, "as you named it", false)),
                .. (examination.Status?.Calls ?? []).Where(c => c.Route == route.RouteId).Select(c => new WebSocketPath(c.Path, "calls are open there", false)),
                .. page.WebSocketPaths(RoutePaths.Example(route)).Select(p => new WebSocketPath(p.Path, $"{p.File} names it", p.Path.Length < 2)),
            ];
            var own = known.Where(p => RoutePaths.For(examination.Configuration, p.Text) == route).DistinctBy(p => p.Text).Take(3).ToArray();
            // A page names paths of every kind; for a route that forbids WebSockets only those count that a service opens.
            if (own.Length > 0)
            {
                found.AddRange(own.Select(p => (route, p)));
            }
            else if (RouteMetadata.AllowsWebSockets(route))
            {
                found.Add((route, new WebSocketPath(RoutePaths.Example(route), "the beginning of its pattern", !RoutePaths.IsExact(route))));
            }
        }

        return found;
    }

    /// <summary>Asks one service of each route, past the gateway, and closes at once.</summary>
    public static async Task<IReadOnlyList<AskedService>> AskServicesAsync(Examination examination, CancellationToken cancellationToken)
    {
        var services = await examination.ServicesAsync();
        var asked = (await PathsAsync(examination)).Select(async pair =>
        {
            var service = services.FirstOrDefault(s => s.IsUp && s.Failure is null && s.Cluster.Equals(pair.Route.ClusterId, StringComparison.OrdinalIgnoreCase));
            return service is null ? null : new AskedService(pair.Route, pair.Path, service, await AskAsync(examination, pair.Path, service, cancellationToken));
        });
        return [.. (await Task.WhenAll(asked)).OfType<AskedService>()];
    }

    private static async Task<HandshakeAnswer> AskAsync(Examination examination, WebSocketPath path, ServiceAnswer service, CancellationToken cancellationToken)
    {
        var cluster = examination.Configuration.Clusters.First(c => c.ClusterId == service.Cluster);
        using var client = ServiceQuestions.CreateClient(cluster);
        var address = new Uri(service.Address.TrimEnd('/') + path.Text);
        var socket = new UriBuilder(address) { Scheme = address.Scheme == "https" ? "wss" : "ws" }.Uri;
        return await WebSocketHandshake.TryAsync(socket, PublicSide.Of(examination)?.Origin ?? address, client, TimeSpan.Zero, cancellationToken);
    }
}

/// <summary>Where a WebSocket may be opened.</summary>
/// <param name="Text">The path.</param>
/// <param name="Origin">How it is known.</param>
/// <param name="IsGuess">Whether the service may well open them elsewhere.</param>
internal sealed record WebSocketPath(string Text, string Origin, bool IsGuess);

/// <summary>A service that was asked for a WebSocket.</summary>
internal sealed record AskedService(RouteConfig Route, WebSocketPath Path, ServiceAnswer Service, HandshakeAnswer Answer);
