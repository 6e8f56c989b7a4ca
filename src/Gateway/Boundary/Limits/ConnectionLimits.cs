using System.Net;
using Gateway.Configuration;
using Microsoft.AspNetCore.Connections;

namespace Gateway.Boundary.Limits;

/// <summary>Closes a connection that is one too many before anything is read from it. A WebSocket is a connection for as long as it lives.</summary>
internal sealed class ConnectionLimits(CurrentConfiguration configuration, LimitLog log)
{
    private readonly Occupancy _open = new();

    /// <summary>Connections that are open.</summary>
    public int Open => _open.Total;

    public Func<ConnectionDelegate, ConnectionDelegate> Middleware => next => async connection =>
    {
        var options = configuration.Value.Gateway;
        var peer = (connection.RemoteEndPoint as IPEndPoint)?.Address;
        // A proxy brings many clients.
        var client = peer is not null && options.TrustedProxies.Covers(peer) ? null : peer;
        var entry = _open.TryEnter(client, options.Limits.MaxConnections, options.Limits.MaxConnectionsPerAddress);
        if (entry != Entry.Granted)
        {
            log.Hit(entry == Entry.Full ? nameof(LimitOptions.MaxConnections) : nameof(LimitOptions.MaxConnectionsPerAddress), peer);
            connection.Abort(new ConnectionAbortedException("There are too many connections."));
            return;
        }

        try
        {
            await next(connection);
        }
        finally
        {
            _open.Leave(client);
        }
    };
}
