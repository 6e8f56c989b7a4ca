using System.Buffers;
using System.Net.Sockets;
using System.Runtime.CompilerServices;

namespace Gateway.Proxying;

/// <summary>
/// The client's side of a WebSocket as the relay reads and writes it. Every byte passes unchanged, and is counted, until the gateway
/// itself has to end the call: then each side gets a close frame, between two frames of the other side, and nothing after it.
/// </summary>
internal sealed class WebSocketClient(ITunnelEnd client, WebSocketTunnel tunnel) : ITunnelEnd
{
    private const int BufferSize = 16 * 1024;

    private readonly SemaphoreSlim _writing = new(1);
    private volatile CancellationTokenSource? _reads;
    private volatile byte[]? _closeForService;
    private volatile byte[]? _closeForClient;
    private bool _isCut;

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

    /// <summary>Waits until there may be something to read; throws when the gateway closes the call meanwhile, of which the next read tells.</summary>
    public ValueTask WaitAsync(CancellationToken cancellationToken) =>
        TryBeginRead(cancellationToken) is { } token ? client.WaitAsync(token)
        : IsInFrame() ? client.WaitAsync(cancellationToken)
        : ValueTask.CompletedTask;

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken)
    {
        if (TryBeginRead(cancellationToken) is { } token)
        {
            try
            {
                if (await ReadClientAsync(buffer, token) is var read && (read != 0 || _closeForService is null))
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
    public async ValueTask WriteAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
    {
        await _writing.WaitAsync(cancellationToken);
        try
        {
            // Decided once: what was read before the close passes whole.
            if (_closeForClient is null)
            {
                await WriteClientAsync(bytes, cancellationToken);
            }
            else
            {
                await WriteRestOfFrameAsync(bytes, cancellationToken);
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

        if (read == 0)
        {
            tunnel.OnClientEnded();
        }

        return read > 0 ? Receive(buffer.Span[..read]) : read;
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
        if (IsInFrame())
        {
            return await ReadClientAsync(buffer, cancellationToken);
        }

        var close = _closeForService!;
        var count = Math.Min(close.Length, buffer.Length);
        close.AsMemory(0, count).CopyTo(buffer);
        _closeForService = close[count..];
        return count;
    }

    // Of the client, after the gateway's close.
    private bool IsInFrame()
    {
        Receive([]);
        return !_isCut;
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
            while (tunnel.FromClient is not { Closed: true, BytesToBoundary: 0 } && await client.ReadAsync(buffer, tunnel.Cancellation) is not 0 and var read)
            {
                if (read > 0)
                {
                    tunnel.OnReceived(buffer.AsSpan(0, read));
                }
                else
                {
                    await client.WaitAsync(tunnel.Cancellation);
                }
            }
        }
        catch (Exception exception) when (exception is IOException or SocketException or ObjectDisposedException or OperationCanceledException)
        {
            // It has left, or does not answer.
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    /// <summary>Ends the relay's part of it; the client's own end is <see cref="EndAsync"/>.</summary>
    public ValueTask DisposeAsync()
    {
        _reads?.Dispose();
        _writing.Dispose();
        return ValueTask.CompletedTask;
    }
}
