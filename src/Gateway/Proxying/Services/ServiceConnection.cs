using System.Net.Sockets;
using System.Runtime.CompilerServices;
using Gateway.Platform;

namespace Gateway.Proxying.Services;

/// <summary>
/// A connection to a service that knows whether a request can have reached it. A service may close a connection of the pool at any time,
/// also in the moment in which the next request goes out: such a request may be sent again, one that was taken may not.
/// </summary>
/// <remarks>It also keeps SocketsHttpHandler from sending again by itself: that would repeat any request without a body up to three
/// times when the connection ends, a POST that was read and a connection that was new included.</remarks>
/// <param name="stream">What HTTP/1.1 is spoken over.</param>
/// <param name="socket">Below it; null where TLS hides it, and nothing is known for certain.</param>
/// <param name="time">Clock of the wait for the kernel's news.</param>
internal sealed class ServiceConnection(Stream stream, Socket? socket, TimeProvider time) : AsynchronousStream
{
    private const int SwitchingProtocols = 101;
    private const string RequestLineEnd = "HTTP/1.1";

    // As far away as a service may be.
    private static readonly TimeSpan Moment = TimeSpan.FromMilliseconds(2);
    private const int Moments = 100;

    private readonly AnswerStatus _status = new();
    // From the begin of a read until it is clear what its end means.
    private volatile bool _reading;
    private volatile bool _asking;
    private volatile bool _endedIdle;
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

        if (!_asking && _status.Code != SwitchingProtocols && IsHead(buffer.Span))
        {
            return BeginAsync(buffer, cancellationToken);
        }

        return SendAsync(buffer, cancellationToken);
    }

    private ValueTask SendAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken)
    {
        _written += buffer.Length;
        return stream.WriteAsync(buffer, cancellationToken);
    }

    // Not by the order of reads and writes: a service may answer while the body is still being sent, and after 101 all order ends.
    private static bool IsHead(ReadOnlySpan<byte> bytes)
    {
        var end = bytes.IndexOf("\r\n"u8);
        return end > RequestLineEnd.Length + 1 && bytes[end - RequestLineEnd.Length - 1] == ' ' && bytes[(end - RequestLineEnd.Length)..end].StartsWith("HTTP/1."u8);
    }

    // What was sent is not the whole head, or it announces a body.
    private static bool MayHaveBody(ReadOnlySpan<byte> head) =>
        !head.EndsWith("\r\n\r\n"u8) || head.IndexOf("\r\nContent-Length:"u8) >= 0 || head.IndexOf("\r\nTransfer-Encoding:"u8) >= 0;

    private async ValueTask BeginAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken)
    {
        (_reused, _writtenBefore) = (_answered, _written);
        _status.Expect();
        _asking = true;
        if (!_reused)
        {
            await SendAsync(buffer, cancellationToken);
            return;
        }

        if (_endedIdle || HasEnded())
        {
            throw _failure = new ReusedConnectionClosedException(nothingTaken: true, null);
        }

        try
        {
            await SendAsync(buffer, cancellationToken);
        }
        catch (IOException exception)
        {
            // The read that is under way knows whether the service had ended the connection before.
            await SettleAsync();
            throw _failure ??= new ReusedConnectionClosedException(nothingTaken: false, exception);
        }

        // Now is the time to notice: once the request's body has been read from the client, it cannot be sent again.
        if (MayHaveBody(buffer.Span) && HasEnded())
        {
            await SettleAsync();
            if (_failure is { NothingTaken: true })
            {
                throw _failure;
            }
        }
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<int> ObserveAsync(Memory<byte> buffer, CancellationToken cancellationToken)
    {
        try
        {
            var read = await stream.ReadAsync(buffer, cancellationToken);
            if (read > 0)
            {
                _status.Observe(buffer.Span[..read]);
                (_asking, _answered, _reading) = (false, true, false);
            }
            else if (!buffer.IsEmpty)
            {
                // An empty buffer asks for news only, and gets 0 for it.
                await OnEndedAsync();
                _reading = false;
            }

            return read;
        }
        catch (Exception exception)
        {
            // A reset that does not follow an orderly end says nothing about what was taken.
            if (_asking && _reused && exception is IOException)
            {
                _failure ??= exception as ReusedConnectionClosedException ?? new ReusedConnectionClosedException(nothingTaken: false, exception);
            }

            _endedIdle = !_asking;
            _reading = false;
            throw _failure ?? exception;
        }
    }

    private async ValueTask OnEndedAsync()
    {
        if (!_asking)
        {
            _endedIdle = true;
            return;
        }

        if (!_reused)
        {
            throw new HttpIOException(HttpRequestError.ResponseEnded, "The service closed the connection without an answer.");
        }

        throw new ReusedConnectionClosedException(socket is not null && await TcpDelivery.IsRefusedAsync(socket, _writtenBefore, time), null);
    }

    // Of a connection that has ended: it does not take long.
    private async ValueTask SettleAsync()
    {
        for (var i = 0; _reading && i < 2 * Moments; i++)
        {
            await Task.Delay(Moment, time, CancellationToken.None);
        }
    }

    private bool HasEnded() => socket is not null && TcpDelivery.HasEnded(socket);

    public override async ValueTask DisposeAsync()
    {
        await stream.DisposeAsync();
        await base.DisposeAsync();
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            stream.Dispose();
        }

        base.Dispose(disposing);
    }

    public override Task FlushAsync(CancellationToken cancellationToken) => stream.FlushAsync(cancellationToken);

    public override void Flush() => stream.Flush();
}
