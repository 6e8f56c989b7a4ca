using System.Buffers;
using System.Net.Security;
using System.Net.Sockets;
using Gateway.Platform;
using Gateway.Platform.Sockets;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;

namespace Gateway.Hosting.Transport;

/// <summary>
/// A client's TCP connection as Kestrel needs one. Between socket and reader stand no pipe and no change of thread: what the kernel has
/// is read in large blocks, and whoever waits for it goes on at once, on the thread that received it: one of the pool's or, for WebSockets
/// and small requests, the event loop's own.
/// </summary>
internal sealed class SocketConnection : DefaultConnectionContext, IConnectionSocketFeature, IMemoryPoolFeature, IEventLoopFeature
{
    private readonly PolledSocket _polled;
    private readonly CancellationTokenSource _closed = new();
    private readonly Lock _lock = new();
    private SocketReader _reader;
    private SocketWriter _writer;
    private Task _receiving;
    private TlsSession? _tls;
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
        Features.Set(this);
        _polled = PolledSocket.Over(socket);
        _reader = new SocketReader(_polled, _polled);
        _writer = new SocketWriter(_polled, this);
        Transport = new ReplacedTransport(_reader, _writer);
        _receiving = ReceiveAsync();
    }

    public Socket Socket { get; }

    public MemoryPool<byte> MemoryPool => LargeBlocks.Shared;

    public int MostBytes
    {
        get => _reader.MostBytesInEventLoop;
        set
        {
            _reader.MostBytesInEventLoop = value;
            _polled.GoesOnInLoop = value > 0;
        }
    }

    /// <summary>Has TLS, whose handshake is over, go on between this connection's socket and its user without the stream.</summary>
    /// <param name="stream">It was given no byte beyond the handshake, and is not used any more.</param>
    /// <returns>What was encrypted, in the clear; null where that is not possible, and the stream goes on.</returns>
    public async ValueTask<ReplacedTransport?> TryTakeTlsAsync(SslStream stream)
    {
        if (!OperatingSystem.IsLinux() || _polled is not LinuxPolledSocket socket || !TlsSession.CanTake(stream))
        {
            return null;
        }

        _reader.Stop();
        await _receiving;
        lock (_lock)
        {
            if (_isShut)
            {
                _reader.End(_abortReason);
                return null;
            }

            _tls = TlsSession.Take(stream, socket, _reader.TakeRest());
        }

        _reader = new SocketReader(_polled, _tls);
        _writer = new SocketWriter(_tls, this);
        _receiving = ReceiveAsync();
        return new ReplacedTransport(_reader, _writer);
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
        if (OperatingSystem.IsLinux())
        {
            _tls?.End();
        }

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
            if (_reader.IsStopped)
            {
                return;
            }
        }
        catch (SocketException exception) when (exception.SocketErrorCode == SocketError.ConnectionReset)
        {
            error = new ConnectionResetException(exception.Message, exception);
        }
        catch (Exception exception) when (exception is SocketException or ObjectDisposedException)
        {
            error = new ConnectionAbortedException("The connection has ended.", exception);
        }
        catch (IOException exception)
        {
            error = exception;
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

        if (OperatingSystem.IsLinux())
        {
            _tls?.Dispose();
        }

        try
        {
            Socket.Shutdown(SocketShutdown.Both);
        }
        catch (Exception exception) when (exception is SocketException or ObjectDisposedException)
        {
            // The client was faster.
        }

        _polled.Dispose();
    }
}
