using System.Buffers;
using System.IO.Pipelines;
using System.Net;
using System.Net.Sockets;
using System.Runtime.Versioning;
using System.Security.Authentication;
using Gateway.Platform;
using Gateway.Platform.Sockets;
using Gateway.Platform.Tls;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http.Features;

namespace Gateway.Hosting.Transport;

/// <summary>
/// A client's TCP connection as Kestrel needs one. Between socket and reader stand no pipe and no change of thread: what the kernel has
/// is read in large blocks, and whoever waits for it goes on at once, on the thread that received it: one of the pool's or, for WebSockets
/// and small requests, the event loop's own.
/// </summary>
internal sealed class SocketConnection :
    ConnectionContext,
    IConnectionIdFeature,
    IConnectionItemsFeature,
    IConnectionTransportFeature,
    IConnectionLifetimeFeature,
    IConnectionEndPointFeature,
    IConnectionSocketFeature,
    IMemoryPoolFeature,
    IEventLoopFeature,
    IRawConnectionFeature
{
    private readonly PolledSocket _polled;
    private readonly CancellationTokenSource _closed = new();
    private SocketReader _reader;
    private SocketWriter _writer;
    private Task _receiving = Task.CompletedTask;
    private TlsSession? _tls;
    private IDictionary<object, object?>? _items;
    private ConnectionAbortedException? _abortReason;
    // Once it carries something else than HTTP.
    private TaskCompletionSource? _shut;
    private bool _isShut;

    public SocketConnection(Socket socket)
    {
        Socket = socket;
        (LocalEndPoint, RemoteEndPoint) = (socket.LocalEndPoint, socket.RemoteEndPoint);
        ConnectionClosed = _closed.Token;
        Features.Set<IConnectionIdFeature>(this);
        Features.Set<IConnectionItemsFeature>(this);
        Features.Set<IConnectionTransportFeature>(this);
        Features.Set<IConnectionLifetimeFeature>(this);
        Features.Set<IConnectionEndPointFeature>(this);
        Features.Set<IConnectionSocketFeature>(this);
        Features.Set<IMemoryPoolFeature>(this);
        Features.Set<IEventLoopFeature>(this);
        Features.Set<IRawConnectionFeature>(this);
        Features.Set(this);
        _polled = PolledSocket.Over(socket);
        _reader = new SocketReader(_polled, _polled, this);
        _writer = new SocketWriter(_polled, this);
        Transport = new ReplacedTransport(_reader, _writer);
    }

    public override string ConnectionId { get; set; } = ConnectionIds.Next();

    public override IFeatureCollection Features { get; } = new ConnectionFeatures();

    public override IDictionary<object, object?> Items
    {
        get => _items ??= new Dictionary<object, object?>();
        set => _items = value;
    }

    public override IDuplexPipe Transport { get; set; }

    public override CancellationToken ConnectionClosed { get; set; }

    public override EndPoint? LocalEndPoint { get; set; }

    public override EndPoint? RemoteEndPoint { get; set; }

    public Socket Socket { get; }

    /// <summary>Nothing more can be received or sent.</summary>
    public bool IsShut => Volatile.Read(ref _isShut);

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

    /// <summary>Has TLS stand between this connection's socket and its user from now on. What was read before and not taken belongs to it.</summary>
    /// <param name="server">What it has in common with others.</param>
    /// <param name="choice">Of the certificate.</param>
    /// <param name="cancellationToken">Ends the handshake.</param>
    /// <exception cref="AuthenticationException">It was refused, by this side or the other.</exception>
    /// <exception cref="IOException">The client has gone.</exception>
    /// <exception cref="OperationCanceledException">It has taken too long.</exception>
    [SupportedOSPlatform("linux")]
    public async ValueTask<TlsAgreement> BeginTlsAsync(TlsServer server, TlsChoice choice, CancellationToken cancellationToken)
    {
        _reader.Stop();
        await _receiving;
        TlsSession tls;
        lock (_closed)
        {
            if (_isShut)
            {
                throw new IOException("The connection was closed before the handshake.", _abortReason);
            }

            _tls = tls = new TlsSession(server, (LinuxPolledSocket)_polled, _reader.TakeRest(), choice);
        }

        var agreement = await tls.HandshakeAsync(cancellationToken);
        _reader = new SocketReader(_polled, tls, this);
        _writer = new SocketWriter(tls, this);
        Transport = new ReplacedTransport(_reader, _writer);
        return agreement;
    }

    public async ValueTask<RawConnection?> TakeAsync()
    {
        if (Transport.Input != _reader)
        {
            return null;
        }

        _reader.Stop();
        await _receiving;
        lock (_closed)
        {
            if (!_isShut)
            {
                _shut = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
                _receiving = TellEndAsync(_shut.Task);
            }
        }

        return new RawConnection(_polled, OperatingSystem.IsLinux() && _tls is { } tls ? tls : _polled, _reader.TakeRest());
    }

    private async Task TellEndAsync(Task shut)
    {
        await shut;
        _closed.Cancel();
    }

    /// <summary>Receives from now on, whether somebody reads or not.</summary>
    internal void BeginReceiving() => _receiving = ReceiveAsync();

    public override void Abort(ConnectionAbortedException abortReason)
    {
        lock (_closed)
        {
            _abortReason ??= abortReason;
        }

        Shut();
    }

    /// <summary>Ends it in order: what was written is sent.</summary>
    public override async ValueTask DisposeAsync()
    {
        await _writer.CompleteAsync();
        await _polled.FinishAsync();
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

        await EventLoop.LeaveAsync();
        _reader.End(_abortReason ?? error);
        // Whoever is told may do much and take long.
        await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
        _closed.Cancel();
    }

    // With FIN also for an abort: a reset would destroy what the client has not read yet. Whoever wants one sets the socket's linger.
    private void Shut()
    {
        lock (_closed)
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

        _polled.Shut();
        _polled.Dispose();
        _shut?.SetResult();
    }
}
