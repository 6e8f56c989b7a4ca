using System.Net.Sockets;
using System.Runtime.CompilerServices;

namespace Gateway.Proxying;

/// <summary>
/// A connection to a service that knows whether a request can have reached it. A service may close a connection of the pool at any time,
/// also in the moment in which the next request goes out: such a request may be sent again, one that was taken may not.
/// </summary>
/// <remarks>It also keeps SocketsHttpHandler from sending again by itself: that would repeat any request without a body up to three
/// times when the connection ends, a POST that was read and a connection that was new included.</remarks>
/// <param name="stream">What HTTP/1.1 is spoken over.</param>
/// <param name="socket">Below it; null where TLS hides it, and nothing is known for certain.</param>
/// <param name="time">Clock of the wait for the kernel's news.</param>
internal sealed class ServiceConnection(Stream stream, Socket? socket, TimeProvider time) : Stream
{
    private const int SwitchingProtocols = 101;

    // As far away as a service may be.
    private static readonly TimeSpan Moment = TimeSpan.FromMilliseconds(2);
    private const int Moments = 100;

    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly AnswerStatus _status = new();
    private volatile bool _reading;
    private volatile bool _asking;
    private bool _answered;
    private bool _reused;
    private long _written;
    private long _writtenBefore;
    private ReusedConnectionClosedException? _failure;

    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (_status.Code == SwitchingProtocols)
        {
            return stream.ReadAsync(buffer, cancellationToken);
        }

        _reading = true;
        return ObserveAsync(buffer, cancellationToken);
    }

    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (_failure is { } failure)
        {
            return ValueTask.FromException(failure);
        }

        // A connection is taken from the pool with a read, which tells whether it has ended. Other writes belong to the same request.
        var isFirst = _written == 0 || (_reading && !_asking && _status.Code != SwitchingProtocols);
        if (isFirst)
        {
            return BeginAsync(buffer, cancellationToken);
        }

        _written += buffer.Length;
        return stream.WriteAsync(buffer, cancellationToken);
    }

    private async ValueTask BeginAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken)
    {
        (_reused, _writtenBefore) = (_answered, _written);
        _status.Expect();
        _asking = true;
        if (!_reused)
        {
            _written += buffer.Length;
            await stream.WriteAsync(buffer, cancellationToken);
            return;
        }

        if (HasEnded())
        {
            throw _failure = new ReusedConnectionClosedException(nothingTaken: true, null);
        }

        _written += buffer.Length;
        try
        {
            await stream.WriteAsync(buffer, cancellationToken);
        }
        catch (IOException exception)
        {
            // The read that is under way knows whether the service had ended the connection before.
            await _ended.Task;
            throw _failure ??= new ReusedConnectionClosedException(nothingTaken: false, exception);
        }

        // Now is the time to notice: once the request's body has been read from the client, it cannot be sent again.
        if (HasEnded())
        {
            await _ended.Task;
            if (_failure is { NothingTaken: true })
            {
                throw _failure;
            }
        }
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<int> ObserveAsync(Memory<byte> buffer, CancellationToken cancellationToken)
    {
        int read;
        try
        {
            read = await stream.ReadAsync(buffer, cancellationToken);
        }
        catch (Exception exception)
        {
            // A reset that does not follow an orderly end says nothing about what was taken.
            if (_asking && _reused && exception is IOException)
            {
                _failure ??= new ReusedConnectionClosedException(nothingTaken: false, exception);
            }

            _ended.TrySetResult();
            throw _failure ?? exception;
        }

        // An empty buffer asks for news only, and gets 0 for it.
        if (buffer.IsEmpty)
        {
            return read;
        }

        _reading = false;
        if (read > 0)
        {
            _status.Observe(buffer.Span[..read]);
            (_asking, _answered) = (false, true);
            return read;
        }

        return await OnEndedAsync();
    }

    private async ValueTask<int> OnEndedAsync()
    {
        try
        {
            if (!_asking)
            {
                return 0;
            }

            if (!_reused)
            {
                throw new HttpIOException(HttpRequestError.ResponseEnded, "The service closed the connection without an answer.");
            }

            throw _failure ??= new ReusedConnectionClosedException(await IsRefusedAsync(), null);
        }
        finally
        {
            _ended.TrySetResult();
        }
    }

    // The service's end has come. What follows, a reset or an acknowledgement, is on its way.
    private async ValueTask<bool> IsRefusedAsync()
    {
        for (var i = 0; socket is not null && i < Moments; i++)
        {
            if (TcpDelivery.IsRefused(socket, _writtenBefore) is { } refused)
            {
                return refused;
            }

            await Task.Delay(Moment, time, CancellationToken.None);
        }

        return false;
    }

    private bool HasEnded()
    {
        try
        {
            return socket is not null && socket.Poll(TimeSpan.Zero, SelectMode.SelectRead) && socket.Available == 0;
        }
        catch (Exception exception) when (exception is SocketException or ObjectDisposedException)
        {
            return true;
        }
    }

    public override async ValueTask DisposeAsync()
    {
        _ended.TrySetResult();
        await stream.DisposeAsync();
        await base.DisposeAsync();
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _ended.TrySetResult();
            stream.Dispose();
        }

        base.Dispose(disposing);
    }

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override Task FlushAsync(CancellationToken cancellationToken) => stream.FlushAsync(cancellationToken);

    public override bool CanRead => true;

    public override bool CanWrite => true;

    public override bool CanSeek => false;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    public override void Flush() => stream.Flush();

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException("Read asynchronously.");

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException("Write asynchronously.");

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();
}
