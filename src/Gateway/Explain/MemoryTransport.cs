using System.IO.Pipelines;
using System.Net;
using System.Threading.Channels;
using Microsoft.AspNetCore.Connections;

namespace Gateway.Explain;

/// <summary>Listens nowhere: the connections that the server accepts are made here, in memory.</summary>
internal sealed class MemoryTransport : IConnectionListenerFactory
{
    private readonly List<Listener> _listeners = [];

    public ValueTask<IConnectionListener> BindAsync(EndPoint endpoint, CancellationToken cancellationToken = default)
    {
        var listener = new Listener(endpoint);
        _listeners.Add(listener);
        return ValueTask.FromResult<IConnectionListener>(listener);
    }

    /// <summary>A client connects.</summary>
    /// <returns>The client's side.</returns>
    public MemoryStreamPair Connect(IPEndPoint client, IPEndPoint local)
    {
        var (up, down) = (new Pipe(new PipeOptions(useSynchronizationContext: false)), new Pipe(new PipeOptions(useSynchronizationContext: false)));
        var connection = new Connection(up.Reader, down.Writer) { RemoteEndPoint = client, LocalEndPoint = local };
        _listeners[0].Offer(connection);
        return new MemoryStreamPair(down.Reader, up.Writer);
    }

    private sealed class Listener(EndPoint endpoint) : IConnectionListener
    {
        private readonly Channel<ConnectionContext> _connections = Channel.CreateUnbounded<ConnectionContext>();

        public EndPoint EndPoint => endpoint;

        public void Offer(ConnectionContext connection) => _connections.Writer.TryWrite(connection);

        public async ValueTask<ConnectionContext?> AcceptAsync(CancellationToken cancellationToken = default) =>
            await _connections.Reader.WaitToReadAsync(cancellationToken) && _connections.Reader.TryRead(out var connection) ? connection : null;

        public ValueTask UnbindAsync(CancellationToken cancellationToken = default)
        {
            _connections.Writer.TryComplete();
            return ValueTask.CompletedTask;
        }

        public ValueTask DisposeAsync() => UnbindAsync();
    }

    private sealed class Connection : DefaultConnectionContext
    {
        // Never disposed: whoever ends the connection may come late.
        private readonly CancellationTokenSource _closed = new();
        private readonly PipeReader _input;
        private readonly PipeWriter _output;

        public Connection(PipeReader input, PipeWriter output)
            : base(Guid.NewGuid().ToString("N"))
        {
            (_input, _output) = (input, output);
            Transport = new Sides(input, output);
            ConnectionClosed = _closed.Token;
        }

        public override void Abort(ConnectionAbortedException abortReason)
        {
            _input.CancelPendingRead();
            _output.CancelPendingFlush();
            ThreadPool.UnsafeQueueUserWorkItem(static closed => closed.Cancel(), _closed, preferLocal: false);
        }

        // The client sees the end, as it does with a socket.
        public override async ValueTask DisposeAsync()
        {
            await _input.CompleteAsync();
            await _output.CompleteAsync();
            await base.DisposeAsync();
        }
    }

    private sealed class Sides(PipeReader input, PipeWriter output) : IDuplexPipe
    {
        public PipeReader Input => input;

        public PipeWriter Output => output;
    }
}
