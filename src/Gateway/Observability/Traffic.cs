using System.Collections.Concurrent;
using Gateway.Proxying;

namespace Gateway.Observability;

/// <summary>What passes through the gateway, counted by route and status, and the calls that are open.</summary>
internal sealed class Traffic(TimeProvider time)
{
    /// <summary>For requests that the gateway answered itself.</summary>
    public const string NoRoute = "-";

    private readonly ConcurrentDictionary<string, RouteTraffic> _routes = new();
    private readonly ConcurrentDictionary<WebSocketTunnel, OpenCall> _calls = new();
    private readonly RouteTraffic _noRoute = new(NoRoute);
    private int _inProgress;

    public DateTimeOffset StartedAt { get; } = time.GetUtcNow();

    /// <summary>Requests without an answer that is complete; WebSockets are not among them.</summary>
    public int InProgress => Math.Max(0, Volatile.Read(ref _inProgress) - _calls.Count);

    /// <summary>Routes that have had traffic, in the order of their names; those that a reload has removed are kept, for sums must not fall.</summary>
    public IReadOnlyList<RouteTraffic> Routes => [_noRoute, .. _routes.Values.OrderBy(route => route.RouteId, StringComparer.Ordinal)];

    public IReadOnlyCollection<OpenCall> Calls => [.. _calls.Values];

    public RouteTraffic Of(string? routeId) =>
        routeId is null or NoRoute ? _noRoute : _routes.GetOrAdd(routeId, static id => new RouteTraffic(id));

    public void Begin() => Interlocked.Increment(ref _inProgress);

    public void End() => Interlocked.Decrement(ref _inProgress);

    /// <summary>A WebSocket is open.</summary>
    public void Open(WebSocketTunnel tunnel, HttpContext context, string client)
    {
        var route = Of(tunnel.RouteId).Calls;
        route.CountOpened();
        _calls.TryAdd(tunnel, new OpenCall(tunnel, route)
        {
            OpenedAt = time.GetUtcNow(),
            Route = tunnel.RouteId ?? NoRoute,
            Client = client,
            Host = context.Request.Host.Value ?? "",
            Path = context.Request.Path.Value ?? "",
            Destination = tunnel.Destination ?? NoRoute,
            Protocol = context.Request.Protocol,
            RequestId = context.TraceIdentifier,
        });
    }

    /// <summary>It has ended.</summary>
    public void Close(WebSocketTunnel tunnel)
    {
        if (_calls.TryRemove(tunnel, out var call))
        {
            call.Close();
        }
    }

    /// <summary>Brings the sums of the calls up to now.</summary>
    public void Collect()
    {
        foreach (var (_, call) in _calls)
        {
            call.Collect();
        }
    }
}
