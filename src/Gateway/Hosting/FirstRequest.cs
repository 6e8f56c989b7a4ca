using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;

namespace Gateway.Hosting;

/// <summary>Lets a connection that was accepted bring its first request when the gateway is told to stop. Kestrel would close it
/// without an answer, in the middle of the TLS handshake if need be, and to the client the site would be down.</summary>
internal sealed class FirstRequest : IConnectionLifetimeNotificationFeature, IDisposable
{
    private readonly IConnectionLifetimeNotificationFeature _inner;
    private readonly TimeSpan _patience;
    private readonly CancellationTokenSource _closing;
    private readonly CancellationTokenRegistration _told;
    private volatile bool _hasBegun;
    private volatile bool _isExpected;

    private FirstRequest(IConnectionLifetimeNotificationFeature inner, TimeSpan patience, TimeProvider time)
    {
        (_inner, _patience) = (inner, patience);
        _closing = new CancellationTokenSource(Timeout.InfiniteTimeSpan, time);
        _told = inner.ConnectionClosedRequested.UnsafeRegister(static first => ((FirstRequest)first!).OnTold(), this);
    }

    /// <summary>Fires when the connection is to take no more requests.</summary>
    public CancellationToken ConnectionClosedRequested
    {
        get
        {
            // Kestrel asks for it when the TLS handshake, which has a limit of its own, is over: now the request is expected.
            _isExpected = true;
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
        if (connection.Features.Get<IConnectionLifetimeNotificationFeature>() is not { } inner)
        {
            await next(connection);
            return;
        }

        using var first = new FirstRequest(inner, patience, time);
        connection.Features.Set<IConnectionLifetimeNotificationFeature>(first);
        connection.Features.Set(first);
        await next(connection);
    };

    /// <summary>Has requests noticed; to be the first in the pipeline.</summary>
    public static void Notice(IApplicationBuilder app) => app.Use((context, next) =>
    {
        context.Features.Get<FirstRequest>()?.Begin();
        return next(context);
    });

    public void RequestClose() => _inner.RequestClose();

    public void Dispose()
    {
        _told.Dispose();
        _closing.Dispose();
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
        }
        else if (_isExpected)
        {
            _closing.CancelAfter(_patience);
        }
    }
}
