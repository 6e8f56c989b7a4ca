using System.Collections.Concurrent;

namespace Gateway.Proxying;

/// <summary>The WebSockets that are open now.</summary>
internal sealed class OpenWebSockets
{
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
