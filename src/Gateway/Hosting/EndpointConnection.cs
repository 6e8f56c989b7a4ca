using System.IO.Pipelines;
using System.Net;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http.Features;

namespace Gateway.Hosting;

/// <summary>
/// An accepted connection that can outlive its endpoint. Kestrel waits 5 s for the connections of an endpoint that a reload has removed,
/// opens no other endpoint in that time, and then cuts them. So it is told that the connection has ended, while it goes on.
/// </summary>
internal sealed class EndpointConnection(ConnectionContext inner, EndpointListener listener) : ConnectionContext
{
    private const int Serving = 0;
    private const int Ended = 1;
    private const int Detached = 2;

    // As far as Kestrel is concerned.
    private readonly TaskCompletionSource _end = new();
    private int _state;

    public override string ConnectionId
    {
        get => inner.ConnectionId;
        set => inner.ConnectionId = value;
    }

    public override IFeatureCollection Features => inner.Features;

    public override IDictionary<object, object?> Items
    {
        get => inner.Items;
        set => inner.Items = value;
    }

    public override IDuplexPipe Transport
    {
        get => inner.Transport;
        set => inner.Transport = value;
    }

    public override CancellationToken ConnectionClosed
    {
        get => inner.ConnectionClosed;
        set => inner.ConnectionClosed = value;
    }

    public override EndPoint? LocalEndPoint
    {
        get => inner.LocalEndPoint;
        set => inner.LocalEndPoint = value;
    }

    public override EndPoint? RemoteEndPoint
    {
        get => inner.RemoteEndPoint;
        set => inner.RemoteEndPoint = value;
    }

    /// <summary>The outermost layer of every connection.</summary>
    public static Task ServeAsync(ConnectionContext context, ConnectionDelegate serve) =>
        context is EndpointConnection connection ? connection.ServeAsync(serve) : serve(context);

    public override void Abort(ConnectionAbortedException abortReason) => inner.Abort(abortReason);

    public override void Abort() => inner.Abort();

    /// <summary>Kestrel has done with it, which is not the end of one that is detached.</summary>
    public override async ValueTask DisposeAsync()
    {
        if (_state != Detached)
        {
            await EndAsync();
        }

        await base.DisposeAsync();
    }

    private Task ServeAsync(ConnectionDelegate serve)
    {
        _ = RunAsync(serve);
        return _end.Task;
    }

    private async Task RunAsync(ConnectionDelegate serve)
    {
        // Kestrel asks so at the removal of the endpoint and at the end of the process: HTTP/1.1 ends after the request under way,
        // HTTP/2 says GOAWAY. After the latter it waits for the connection as long as is configured.
        var closing = Features.GetRequiredFeature<IConnectionLifetimeNotificationFeature>().ConnectionClosedRequested;
        Exception? failure = null;
        await using (closing.UnsafeRegister(static state => ((EndpointConnection)state!).DetachIfRemoved(), this))
        {
            try
            {
                await serve(this);
            }
            catch (Exception exception)
            {
                failure = exception;
            }
        }

        if (Interlocked.CompareExchange(ref _state, Ended, Serving) == Detached)
        {
            // HTTP reports its failures itself.
            await EndAsync();
        }
        else if (failure is not null)
        {
            _end.SetException(failure);
        }
        else
        {
            _end.SetResult();
        }
    }

    private void DetachIfRemoved()
    {
        if (listener.IsRemoved && Interlocked.CompareExchange(ref _state, Detached, Serving) == Serving)
        {
            ThreadPool.UnsafeQueueUserWorkItem(static connection => connection._end.SetResult(), this, preferLocal: false);
        }
    }

    private async ValueTask EndAsync()
    {
        await inner.DisposeAsync();
        listener.OnEnded(this);
    }
}
