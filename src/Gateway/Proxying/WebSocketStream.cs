using System.Runtime.CompilerServices;

namespace Gateway.Proxying;

/// <summary>
/// The client's side of a WebSocket as YARP reads and writes it. Every byte passes unchanged, and is counted, until the gateway
/// itself has to end the call: then each side gets a close frame, between two frames of the other side, and nothing after it.
/// </summary>
internal sealed class WebSocketStream(Stream client, WebSocketTunnel tunnel) : AsynchronousStream
{
    private readonly CancellationTokenSource _interruptReads = new();
    private readonly SemaphoreSlim _writing = new(1);
    private CancellationTokenSource? _reads;
    private volatile byte[]? _closeForService;
    private volatile byte[]? _closeForClient;

    /// <summary>Ends the call from the gateway's side.</summary>
    /// <param name="code">For both sides.</param>
    /// <param name="reason">For both sides.</param>
    /// <param name="cancellationToken">Ends the attempt.</param>
    public async Task CloseAsync(int code, string reason, CancellationToken cancellationToken)
    {
        _closeForService = WebSocketCloseFrame.Create(code, reason, masked: true);
        _closeForClient = WebSocketCloseFrame.Create(code, reason, masked: false);

        // The client first: a service that has its frame may answer or leave at once. But a client that does not read holds up nobody.
        var toClient = CloseClientAsync(cancellationToken);
        await _interruptReads.CancelAsync();
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

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (_closeForService is null)
        {
            // YARP passes the same token to every read.
            _reads ??= CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, _interruptReads.Token);
            try
            {
                return await ReadClientAsync(buffer, _reads.Token);
            }
            catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
            {
                // Nothing was read: the gateway closes.
            }
        }

        return await ReadUntilCloseAsync(buffer, cancellationToken);
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
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
        else
        {
            tunnel.OnReceived(buffer.Span[..read]);
        }

        return read;
    }

    /// <summary>The rest of the frame that the client is sending, then the close frame, then the end.</summary>
    private async ValueTask<int> ReadUntilCloseAsync(Memory<byte> buffer, CancellationToken cancellationToken)
    {
        if (buffer.Length == 0)
        {
            return 0;
        }

        if (tunnel.FromClient.BytesToBoundary is > 0 and var rest)
        {
            return await ReadClientAsync(buffer[..(int)Math.Min(rest, buffer.Length)], cancellationToken);
        }

        var close = tunnel.FromClient.Closed ? [] : _closeForService!;
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

    public override async ValueTask DisposeAsync()
    {
        await client.DisposeAsync();
        await base.DisposeAsync();
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            client.Dispose();
            _reads?.Dispose();
            _interruptReads.Dispose();
            _writing.Dispose();
        }

        base.Dispose(disposing);
    }

    public override Task FlushAsync(CancellationToken cancellationToken) => client.FlushAsync(cancellationToken);

    public override void Flush() => client.Flush();
}
