using Gateway.Proxying;

namespace Gateway.Observability;

/// <summary>A WebSocket that is open, as the operator sees it. What concerns the request was noted when it opened: its context belongs to
/// another thread.</summary>
internal sealed class OpenCall(WebSocketTunnel tunnel, CallTraffic route)
{
    private readonly Lock _lock = new();
    private CallBytes _collected;

    public required DateTimeOffset OpenedAt { get; init; }

    public required string Route { get; init; }

    public required string Client { get; init; }

    public required string Host { get; init; }

    /// <summary>Without the query, where keys may stand.</summary>
    public required string Path { get; init; }

    public required string Destination { get; init; }

    public required string Protocol { get; init; }

    public required string RequestId { get; init; }

    public CallBytes Bytes => CallBytes.Of(tunnel);

    /// <summary>Since the last byte in either direction.</summary>
    public TimeSpan Silence => tunnel.Silence.Now;

    /// <summary>The longest that it has been silent, now included.</summary>
    public TimeSpan LongestSilence => tunnel.Silence.Longest;

    /// <summary>Adds to the route's sums what has passed since the last time: a sum must never fall, also when the call ends meanwhile.</summary>
    public void Collect()
    {
        lock (_lock)
        {
            var now = Bytes;
            route.Add(now - _collected);
            _collected = now;
        }
    }

    public void Close()
    {
        Collect();
        route.CountClosed(CallClosing.Of(tunnel));
    }
}
