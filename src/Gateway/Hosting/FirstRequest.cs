using Gateway.Platform;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;

namespace Gateway.Hosting;

/// <summary>Lets a connection that was accepted bring its first request when the gateway is told to stop. Kestrel would close it
/// without an answer, in the middle of the TLS handshake if need be, and to the client the site would be down.</summary>
internal sealed class FirstRequest : IConnectionLifetimeNotificationFeature, IDisposable
{
    // While the gateway is behind with its own work, the request may be here and not have been read.
    private static readonly TimeSpan LookAgain = TimeSpan.FromMilliseconds(250);
    private const int Looks = 32;

    // Far more than a handshake takes over a bad line, and less than its own limit: who sends nothing must not hold up every restart.
    private static readonly TimeSpan HandshakePatience = TimeSpan.FromSeconds(5);

    private readonly ConnectionContext _connection;
    private readonly IConnectionLifetimeNotificationFeature _inner;
    private readonly TimeSpan _patience;
    private readonly TimeProvider _time;
    private readonly CancellationTokenSource _closing = new();
    private readonly CancellationTokenRegistration _told;
    private ITimer? _waiting;
    private int _looks;
    private bool _isExpected;
    private bool _hasEnded;
    private volatile bool _hasBegun;

    private FirstRequest(ConnectionContext connection, IConnectionLifetimeNotificationFeature inner, TimeSpan patience, TimeProvider time)
    {
        (_connection, _inner, _patience, _time) = (connection, inner, patience, time);
        _told = inner.ConnectionClosedRequested.UnsafeRegister(static first => ((FirstRequest)first!).OnTold(), this);
    }

    /// <summary>Fires when the connection is to take no more requests.</summary>
    public CancellationToken ConnectionClosedRequested
    {
        get
        {
            // Kestrel asks for it when the TLS handshake is over: now the request is expected.
            lock (_closing)
            {
                _isExpected = true;
                _waiting?.Dispose();
                _waiting = null;
            }

            if (_inner.ConnectionClosedRequested.IsCancellationRequested)
            {
                OnTold();
            }

            return _closing.Token;
        }
        set => _inner.ConnectionClosedRequested = value;
    }

    /// <param name="next">The rest of the connection.</param>
    /// <param name="patience">How long to wait for the request after the handshake.</param>
    /// <param name="time">By which clock.</param>
    public static ConnectionDelegate Await(ConnectionDelegate next, TimeSpan patience, TimeProvider time) => async connection =>
    {
        if (connection.Features.Find<IConnectionLifetimeNotificationFeature>() is not { } inner)
        {
            await next(connection);
            return;
        }

        using var first = new FirstRequest(connection, inner, patience, time);
        connection.Features.Set<IConnectionLifetimeNotificationFeature>(first);
        connection.Features.Set(first);
        await next(connection);
    };

    /// <summary>Has requests noticed; to be the first in the pipeline.</summary>
    public static void Notice(IApplicationBuilder app) => app.Use((context, next) =>
    {
        context.Features.Find<FirstRequest>()?.Begin();
        return next(context);
    });

    public void RequestClose() => _inner.RequestClose();

    public void Dispose()
    {
        _told.Dispose();
        lock (_closing)
        {
            _hasEnded = true;
            _waiting?.Dispose();
        }

        // Its source stays: a look that is under way may still cancel it, which needs nothing that must be freed.
    }

    private void Begin()
    {
        if (!_hasBegun)
        {
            _hasBegun = true;
            if (_inner.ConnectionClosedRequested.IsCancellationRequested)
            {
                // Its answer says that it is the last.
                _closing.Cancel();
            }
        }
    }

    private void OnTold()
    {
        if (_hasBegun)
        {
            _closing.Cancel();
            return;
        }

        lock (_closing)
        {
            if (!_hasEnded)
            {
                _waiting ??= _time.CreateTimer(static first => ((FirstRequest)first!).OnWaited(), this, _isExpected ? _patience : HandshakePatience, LookAgain);
            }
        }
    }

    private void OnWaited()
    {
        if (ThreadPool.PendingWorkItemCount > 0 && Interlocked.Increment(ref _looks) <= Looks)
        {
            return;
        }

        if (_isExpected)
        {
            _closing.Cancel();
        }
        else
        {
            _connection.Abort(new ConnectionAbortedException("The gateway was told to stop, and the handshake did not end."));
        }
    }
}
