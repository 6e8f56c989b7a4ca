using System.Buffers;
using System.Runtime.CompilerServices;
using Gateway.Platform;

namespace Gateway.Proxying;

/// <summary>
/// The client's side of a WebSocket as the relay reads and writes it. Every byte passes unchanged, and is counted, until the gateway
/// itself has to end the call: then each side gets a close frame, between two frames of the other side, and nothing after it.
/// </summary>
internal sealed class WebSocketStream(Stream client, WebSocketTunnel tunnel) : AsynchronousStream
{
    private const int BufferSize = 16 * 1024;

    // However fast it comes, the event loop's other sockets have their turn after as many reads or writes.
    private const int TurnsInEventLoop = 64;

    private readonly SemaphoreSlim _writing = new(1);
    private volatile CancellationTokenSource? _reads;
    private volatile byte[]? _closeForService;
    private volatile byte[]? _closeForClient;
    private bool _isCut;
    private int _readTurn;
    private int _writeTurn;

    /// <summary>Ends the call from the gateway's side.</summary>
    /// <param name="code">For both sides.</param>
    /// <param name="reason">For both sides.</param>
    /// <param name="cancellationToken">Ends the attempt.</param>
    public async Task CloseAsync(int code, string reason, CancellationToken cancellationToken)
    {
        _closeForService = WebSocketCloseFrame.Create(code, reason, masked: true);
        _closeForClient = WebSocketCloseFrame.Create(code, reason, masked: false);

        // Both are announced before either is sent: whoever has its frame may answer or leave at once, and that is not for the other side.
        // The client first, since a service that leaves ends the tunnel. But a client that does not read holds up nobody.
        var toClient = CloseClientAsync(cancellationToken);
        Interlocked.MemoryBarrier();
        await (_reads?.CancelAsync() ?? Task.CompletedTask);
        await toClient;
    }

    private async Task CloseClientAsync(CancellationToken cancellationToken)
    {
        await _writing.WaitAsync(cancellationToken);
        try
        {
            await WriteCloseAsync(cancellationToken);
        }
        finally
        {
            _writing.Release();
        }
    }

    /// <summary>Reads; into an empty buffer it waits until there is something to read, or for the gateway to close the call, of which it throws.</summary>
    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
        buffer.IsEmpty && TryBeginRead(cancellationToken) is { } token ? client.ReadAsync(buffer, token) : ReadBytesAsync(buffer, cancellationToken);

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<int> ReadBytesAsync(Memory<byte> buffer, CancellationToken cancellationToken)
    {
        if (++_readTurn % TurnsInEventLoop == 0 && EventLoop.IsCurrent)
        {
            await Task.Yield();
        }

        if (TryBeginRead(cancellationToken) is { } token)
        {
            try
            {
                if (await ReadClientAsync(buffer, token) is var read && (read > 0 || _closeForService is null))
                {
                    return read;
                }
            }
            catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
            {
                // Nothing was read: the gateway closes.
            }
        }

        return await ReadUntilCloseAsync(buffer, cancellationToken);
    }

    /// <returns>What interrupts the read; null when the gateway closes the call.</returns>
    private CancellationToken? TryBeginRead(CancellationToken cancellationToken)
    {
        if (_reads is null)
        {
            // The relay passes the same token to every read.
            _reads = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            // Either this sees that the gateway closes, or that sees what there is to interrupt.
            Interlocked.MemoryBarrier();
        }

        return _closeForService is null ? _reads.Token : null;
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (++_writeTurn % TurnsInEventLoop == 0 && EventLoop.IsCurrent)
        {
            await Task.Yield();
        }

        await _writing.WaitAsync(cancellationToken);
        try
        {
            // Decided once: what was read before the close passes whole.
            if (_closeForClient is null)
            {
                await WriteClientAsync(buffer, cancellationToken);
            }
            else
            {
                await WriteRestOfFrameAsync(buffer, cancellationToken);
            }

            await WriteCloseAsync(cancellationToken);
        }
        finally
        {
            _writing.Release();
        }
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<int> ReadClientAsync(Memory<byte> buffer, CancellationToken cancellationToken)
    {
        int read;
        try
        {
            read = await client.ReadAsync(buffer, cancellationToken);
        }
        catch (Exception exception) when (exception is not OperationCanceledException)
        {
            tunnel.OnClientEnded();
            throw;
        }

        // An empty buffer asks whether there is anything to read, and gets 0 for yes.
        if (read == 0 && buffer.Length > 0)
        {
            tunnel.OnClientEnded();
        }

        return Receive(buffer.Span[..read]);
    }

    /// <returns>How many of the bytes are for the service: all, and after the gateway's close the rest of the frame.</returns>
    private int Receive(ReadOnlySpan<byte> bytes)
    {
        if (_closeForService is null)
        {
            tunnel.OnReceived(bytes);
            return bytes.Length;
        }

        var count = 0;
        while (!_isCut && tunnel.FromClient.BytesToBoundary is > 0 and var rest && count < bytes.Length)
        {
            var part = bytes.Slice(count, (int)Math.Min(rest, bytes.Length - count));
            tunnel.OnReceived(part);
            count += part.Length;
        }

        if (!_isCut && tunnel.FromClient.BytesToBoundary == 0)
        {
            _isCut = true;
            _closeForService = tunnel.FromClient.Closed ? [] : _closeForService;
        }

        tunnel.OnReceived(bytes[count..]);
        return count;
    }

    /// <summary>The rest of the frame that the client is sending, then the close frame, then the end.</summary>
    private async ValueTask<int> ReadUntilCloseAsync(Memory<byte> buffer, CancellationToken cancellationToken)
    {
        Receive([]);
        if (!_isCut && !buffer.IsEmpty)
        {
            return await ReadClientAsync(buffer, cancellationToken);
        }

        var close = _closeForService!;
        var count = Math.Min(close.Length, buffer.Length);
        close.AsMemory(0, count).CopyTo(buffer);
        _closeForService = close[count..];
        return count;
    }

    /// <summary>The frame that the service is sending; what follows it has no receiver any more.</summary>
    private async ValueTask WriteRestOfFrameAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken)
    {
        while (tunnel.FromService.BytesToBoundary is > 0 and var rest && !buffer.IsEmpty)
        {
            var part = buffer[..(int)Math.Min(rest, buffer.Length)];
            await WriteClientAsync(part, cancellationToken);
            buffer = buffer[part.Length..];
        }
    }

    private ValueTask WriteClientAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
    {
        tunnel.OnSending(bytes.Span);
        return client.WriteAsync(bytes, cancellationToken);
    }

    private async ValueTask WriteCloseAsync(CancellationToken cancellationToken)
    {
        if (_closeForClient is { Length: > 0 } close && tunnel.FromService is { BytesToBoundary: 0, Closed: false })
        {
            _closeForClient = [];
            await client.WriteAsync(close, cancellationToken);
        }
    }

    /// <summary>Ends the client's side, when the relay has done with it. A connection that ends while the client still sends is reset, which
    /// destroys a close frame that it has not read yet: so its answer is waited for (RFC 6455 section 7.1.1).</summary>
    public async Task EndAsync()
    {
        if (_closeForClient is [])
        {
            await AwaitAnswerAsync();
        }

        await client.DisposeAsync();
    }

    private async Task AwaitAnswerAsync()
    {
        var buffer = ArrayPool<byte>.Shared.Rent(BufferSize);
        try
        {
            int read;
            while (tunnel.FromClient is not { Closed: true, BytesToBoundary: 0 } && (read = await client.ReadAsync(buffer, tunnel.Cancellation)) > 0)
            {
                tunnel.OnReceived(buffer.AsSpan(0, read));
            }
        }
        catch (Exception exception) when (exception is IOException or OperationCanceledException)
        {
            // It has left, or does not answer.
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    // The client's own stream ends with EndAsync.
    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _reads?.Dispose();
            _writing.Dispose();
        }

        base.Dispose(disposing);
    }

    public override Task FlushAsync(CancellationToken cancellationToken) => client.FlushAsync(cancellationToken);

    public override void Flush() => client.Flush();
}
