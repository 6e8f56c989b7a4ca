using System.Collections.Concurrent;

namespace Gateway.Proxying;

/// <summary>The WebSockets that are open now.</summary>
internal sealed class OpenWebSockets
{
    // A thousand clients that reconnect in the same millisecond would be an attack on whatever starts up next.
    private static readonly TimeSpan Spread = TimeSpan.FromSeconds(1);

    private readonly ConcurrentDictionary<WebSocketTunnel, byte> _open = new();
    private readonly TaskCompletionSource _empty = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>The gateway is ending: no WebSocket is opened any more.</summary>
    public bool IsDraining { get; private set; }

    public IReadOnlyCollection<WebSocketTunnel> All => [.. _open.Keys];

    public int Count => _open.Count;

    public void Add(WebSocketTunnel tunnel) => _open.TryAdd(tunnel, 0);

    public void Remove(WebSocketTunnel tunnel)
    {
        if (_open.TryRemove(tunnel, out _) && IsDraining && _open.IsEmpty)
        {
            _empty.TrySetResult();
        }
    }

    /// <summary>Ends calls with 1012 "service restart" to both sides, spread over a second.</summary>
    public static Task RestartAsync(IReadOnlyCollection<WebSocketTunnel> calls, TimeProvider time, CancellationToken cancellationToken) =>
        Task.WhenAll(calls.Select((call, i) => RestartAsync(call, Spread * i / calls.Count, time, cancellationToken)));

    private static async Task RestartAsync(WebSocketTunnel call, TimeSpan delay, TimeProvider time, CancellationToken cancellationToken)
    {
        try
        {
            await Task.Delay(delay, time, cancellationToken);
            await call.CloseAsync(WebSocketCloseFrame.ServiceRestart, "service restart", cancellationToken);
        }
        catch (OperationCanceledException)
        {
            // Out of time: it is cut with its connection.
        }
    }

    /// <summary>From now on WebSockets only end.</summary>
    /// <returns>Completes when none is left.</returns>
    public Task DrainAsync()
    {
        IsDraining = true;
        if (_open.IsEmpty)
        {
            _empty.TrySetResult();
        }

        return _empty.Task;
    }
}
