using System.Net;
using Gateway.Configuration;

namespace Gateway.Boundary.Limits;

/// <summary>How many WebSockets may be open, asked before the upgrade: what is refused never reaches a service.</summary>
internal sealed class WebSocketLimits(CurrentConfiguration configuration, LimitLog log)
{
    private readonly Occupancy _open = new();

    /// <summary>Takes a place until <see cref="Leave"/>.</summary>
    public bool TryEnter(IPAddress? client)
    {
        var limits = configuration.Value.Gateway.Limits;
        var entry = _open.TryEnter(client, limits.MaxWebSockets, limits.MaxWebSocketsPerAddress);
        if (entry != Entry.Granted)
        {
            log.Hit(entry == Entry.Full ? nameof(LimitOptions.MaxWebSockets) : nameof(LimitOptions.MaxWebSocketsPerAddress), client);
        }

        return entry == Entry.Granted;
    }

    public void Leave(IPAddress? client) => _open.Leave(client);
}
