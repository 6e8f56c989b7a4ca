using System.Net;
using Gateway.Configuration;
using Microsoft.AspNetCore.Connections;

namespace Gateway.Boundary.Limits;

/// <summary>
/// Bounds the TLS handshakes under way. The one that has waited longest makes room: an honest client needs milliseconds, so whoever
/// opens connections and is silent pushes out himself and nobody else.
/// </summary>
internal sealed class PendingHandshakes(CurrentConfiguration configuration, LimitLog log)
{
    private readonly LinkedList<ConnectionContext> _pending = [];
    private readonly Lock _lock = new();

    /// <summary>Handshakes under way.</summary>
    public int Count
    {
        get
        {
            lock (_lock)
            {
                return _pending.Count;
            }
        }
    }

    /// <summary>To be placed before TLS.</summary>
    public Func<ConnectionDelegate, ConnectionDelegate> Begin => next => async connection =>
    {
        var handshake = new Handshake(this, Enter(connection));
        connection.Features.Set(handshake);
        try
        {
            await next(connection);
        }
        finally
        {
            handshake.End();
        }
    };

    /// <summary>To be placed behind TLS.</summary>
    public static Func<ConnectionDelegate, ConnectionDelegate> End => next => connection =>
    {
        connection.Features.Get<Handshake>()?.End();
        return next(connection);
    };

    /// <summary>A handshake begins.</summary>
    /// <returns>To <see cref="Leave"/> with when it has ended.</returns>
    public LinkedListNode<ConnectionContext> Enter(ConnectionContext connection)
    {
        ConnectionContext? oldest = null;
        LinkedListNode<ConnectionContext> node;
        lock (_lock)
        {
            node = _pending.AddLast(connection);
            if (_pending.Count > configuration.Value.Gateway.Limits.MaxConcurrentHandshakes)
            {
                oldest = _pending.First!.Value;
                _pending.RemoveFirst();
            }
        }

        if (oldest is not null)
        {
            log.Hit(nameof(LimitOptions.MaxConcurrentHandshakes), (oldest.RemoteEndPoint as IPEndPoint)?.Address);
            oldest.Abort(new ConnectionAbortedException("Too many TLS handshakes are under way."));
        }

        return node;
    }

    public void Leave(LinkedListNode<ConnectionContext> node)
    {
        lock (_lock)
        {
            if (node.List is not null)
            {
                _pending.Remove(node);
            }
        }
    }

    /// <summary>One has taken longer than <c>Gateway:Limits:HandshakeTimeout</c>.</summary>
    public void NoteTimeout(ConnectionContext connection) => log.Hit(nameof(LimitOptions.HandshakeTimeout), (connection.RemoteEndPoint as IPEndPoint)?.Address);

    private sealed class Handshake(PendingHandshakes all, LinkedListNode<ConnectionContext> node)
    {
        public void End() => all.Leave(node);
    }
}
