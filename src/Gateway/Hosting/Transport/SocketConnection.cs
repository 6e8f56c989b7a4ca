using System.Buffers;
using System.Net.Sockets;
using Gateway.Platform;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;

namespace Gateway.Hosting.Transport;

/// <summary>
/// A client's TCP connection as Kestrel needs one. Between socket and reader stand no pipe and no change of thread: what the kernel has
/// is read in large blocks, and whoever waits for it goes on at once, on the thread that received it: one of the pool's or, for WebSockets
/// and small amounts of HTTP/2, the event loop's own.
/// </summary>
internal sealed class SocketConnection : DefaultConnectionContext, IConnectionSocketFeature, IMemoryPoolFeature, IEventLoopFeature
{
    private readonly SocketReader _reader;
    private readonly SocketWriter _writer;
    private readonly CancellationTokenSource _closed = new();
    private readonly Task _receiving;
    private readonly Lock _lock = new();
    private ConnectionAbortedException? _abortReason;
    private bool _isShut;

    public SocketConnection(Socket socket)
        : base(ConnectionIds.Next())
    {
        Socket = socket;
        (LocalEndPoint, RemoteEndPoint) = (socket.LocalEndPoint, socket.RemoteEndPoint);
        ConnectionClosed = _closed.Token;
        Features.Set<IConnectionSocketFeature>(this);
        Features.Set<IMemoryPoolFeature>(this);
        Features.Set<IEventLoopFeature>(this);
        _reader = new SocketReader(socket);
        _writer = new SocketWriter(socket, this);
        Transport = new ReplacedTransport(_reader, _writer);
        _receiving = ReceiveAsync();
    }

    public Socket Socket { get; }

    public MemoryPool<byte> MemoryPool => LargeBlocks.Shared;

    public int MostBytes
    {
        get => _reader.MostBytesInEventLoop;
        set => _reader.MostBytesInEventLoop = value;
    }

    public override void Abort(ConnectionAbortedException abortReason)
    {
        lock (_lock)
        {
            _abortReason ??= abortReason;
        }

        Shut();
    }

    /// <summary>Ends it in order: what was written is sent.</summary>
    public override async ValueTask DisposeAsync()
    {
        await _writer.CompleteAsync();
        Shut();
        _reader.Complete();
        await _receiving;
        _closed.Dispose();
        await base.DisposeAsync();
    }

    private async Task ReceiveAsync()
    {
        Exception? error = null;
        try
        {
            await _reader.ReceiveAsync();
        }
        catch (SocketException exception) when (exception.SocketErrorCode == SocketError.ConnectionReset)
        {
            error = new ConnectionResetException(exception.Message, exception);
        }
        catch (Exception exception) when (exception is SocketException or ObjectDisposedException)
        {
            error = new ConnectionAbortedException("The connection has ended.", exception);
        }

        if (EventLoop.IsCurrent)
        {
            await Task.Yield();
        }

        _reader.End(_abortReason ?? error);
        // Whoever is told may do much and take long.
        await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
        _closed.Cancel();
    }

    // With FIN also for an abort: a reset would destroy what the client has not read yet. Whoever wants one sets the socket's linger.
    private void Shut()
    {
        lock (_lock)
        {
            if (_isShut)
            {
                return;
            }

            _isShut = true;
        }

        try
        {
            Socket.Shutdown(SocketShutdown.Both);
        }
        catch (Exception exception) when (exception is SocketException or ObjectDisposedException)
        {
            // The client was faster.
        }

        Socket.Dispose();
    }
}
