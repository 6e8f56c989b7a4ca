using System.Net;
using Gateway.Configuration;
using Microsoft.AspNetCore.Connections;

namespace Gateway.Boundary.Limits;

/// <summary>Closes a connection that is one too many before anything is read from it. A WebSocket is a connection for as long as it lives.</summary>
internal sealed class ConnectionLimits(CurrentConfiguration configuration, LimitLog log)
{
    private readonly Occupancy _open = new();

    /// <summary>The port from which the gateway asks itself whether it is well: were it turned away when all places are taken, the watchdog
    /// would end those who have them.</summary>
    public int? OwnPort { get; set; }

    /// <summary>Connections that are open.</summary>
    public int Open => _open.Total;

    public Func<ConnectionDelegate, ConnectionDelegate> Middleware => next => async connection =>
    {
        if (IsOwn(connection))
        {
            await next(connection);
            return;
        }

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

    private bool IsOwn(ConnectionContext connection) =>
        connection.RemoteEndPoint is IPEndPoint peer && peer.Port == OwnPort
        && (IPAddress.IsLoopback(peer.Address) || peer.Address.Equals((connection.LocalEndPoint as IPEndPoint)?.Address));
}
