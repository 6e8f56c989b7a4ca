using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Net.Sockets;
using System.Runtime.CompilerServices;
using Gateway.Platform;

namespace Gateway.Proxying.Services;

/// <summary>
/// A connection to a service: one request after the other. While it waits for the next one it reads ahead, and so knows of the service's
/// end; and it knows whether a request can have reached a service that closed it (<see cref="ReusedConnectionClosedException"/>).
/// </summary>
internal sealed class Http11Connection(Socket socket, Http11Pool pool, Http11Service service, TimeProvider time)
{
    private const int BufferSize = 4 * 1024;
    private const int MaxHead = 64 * 1024;

    // As SocketsHttpHandler: a service that does not know 100 (Continue) waits for the body.
    private static readonly TimeSpan ContinueTime = TimeSpan.FromSeconds(1);

    private byte[] _buffer = [];
    // Of the buffer: what has come and was not read.
    private int _start;
    private int _end;
    private ValueTask<int>? _ahead;
    private bool _isReused;
    private bool _keepsAlive;
    private TaskCompletionSource? _continued;
    private long _written;
    private long _writtenBefore;
    private volatile bool _isAborted;

    public Http11Service Service => service;

    /// <summary>By the clock's timestamps.</summary>
    public long OpenedAt { get; } = time.GetTimestamp();

    /// <summary>By the clock's timestamps; set by the pool.</summary>
    public long IdleSince { get; set; }

    /// <summary>Something has come that nobody asked for: most likely its end.</summary>
    public bool HasNews => _ahead is not { IsCompleted: false };

    /// <summary>Sends a request and waits for the head of its answer.</summary>
    /// <exception cref="ReusedConnectionClosedException">The service had closed the connection, which had been used before.</exception>
    /// <exception cref="HttpRequestException">It sent something that is not HTTP.</exception>
    /// <exception cref="IOException">It closed without an answer, or the connection broke.</exception>
    public async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        var registration = cancellationToken.UnsafeRegister(static connection => ((Http11Connection)connection!).Abort(), this);
        var sending = Task.CompletedTask;
        try
        {
            await SendHeadAsync(request, out var isChunked);
            Task<AnswerHead>? answering = null;
            if (request.Content is { } content)
            {
                // Now is the time to notice: once the body has been read from the client, it cannot be sent again.
                if (_isReused && TcpDelivery.HasEnded(socket) && !await FillAsync(cancellationToken))
                {
                    throw await EndedAsync();
                }

                var isWanted = true;
                if (request.Headers.NonValidated.Contains("Expect"))
                {
                    _continued = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
                    answering = ReadHeadAsync(cancellationToken).AsTask();
                    await Task.WhenAny(_continued.Task, answering, Task.Delay(ContinueTime, time, cancellationToken));
                    isWanted = !answering.IsCompleted;
                }

                sending = isWanted ? SendBodyAsync(content, isChunked, cancellationToken) : sending;
                _keepsAlive = isWanted;
            }

            var head = answering is null ? await ReadHeadAsync(cancellationToken) : await answering;
            // An answer in the middle of the request waits for its end: the client may not listen before.
            await sending;
            registration.Dispose();
            return Open(head, request);
        }
        catch (Exception exception)
        {
            registration.Dispose();
            Abort();
            if (cancellationToken.IsCancellationRequested)
            {
                throw new TaskCanceledException("The request was given up.", exception, cancellationToken);
            }

            if (sending.IsFaulted)
            {
                await sending;
            }

            _ = sending.ContinueWith(static t => t.Exception, CancellationToken.None, TaskContinuationOptions.OnlyOnFaulted, TaskScheduler.Default);
            throw;
        }
    }

    /// <summary>Ends it at once: whoever reads or writes fails.</summary>
    public void Abort()
    {
        _isAborted = true;
        try
        {
            // By itself .NET resets a connection that is being read.
            socket.Shutdown(SocketShutdown.Both);
        }
        catch (Exception exception) when (exception is SocketException or ObjectDisposedException)
        {
            // The service was faster.
        }

        // The buffer stays with a read that may be under way.
        socket.Dispose();
    }

    /// <summary>The answer has been read to its end.</summary>
    public void Complete()
    {
        if (!_keepsAlive || _start < _end || _isAborted)
        {
            Abort();
            return;
        }

        _isReused = true;
        Keep(BufferSize);
        if (TryReadAhead())
        {
            pool.Return(this);
        }
    }

    /// <summary>Reads what has come, or waits for it; an empty buffer waits only.</summary>
    /// <returns>0 at the service's end.</returns>
    public ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken)
    {
        var count = TakeBuffered(buffer.Span);
        if (count > 0 || _start < _end)
        {
            return ValueTask.FromResult(count);
        }

        var receiving = socket.ReceiveAsync(buffer, SocketFlags.None, cancellationToken);
        return receiving.IsCompletedSuccessfully ? receiving : LeaveAsync(receiving);
    }

    /// <summary>Up to the line's end, without it.</summary>
    /// <param name="limit">Most bytes of the line.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public async ValueTask<ReadOnlyMemory<byte>> ReadLineAsync(int limit, CancellationToken cancellationToken)
    {
        int length;
        while ((length = Buffered.IndexOf((byte)'\n')) < 0)
        {
            if (_end - _start > limit)
            {
                throw AnswerHead.Invalid("has a line without an end among its chunks");
            }

            if (!await FillAsync(cancellationToken))
            {
                throw new HttpIOException(HttpRequestError.ResponseEnded, "The service broke off between two chunks.");
            }
        }

        var line = _buffer.AsMemory(_start, length);
        _start += length + 1;
        return line.Span is [.., (byte)'\r'] ? line[..^1] : line;
    }

    /// <summary>Something has come that was not read yet.</summary>
    public bool HasBuffered => _start < _end;

    /// <summary>Reads what has come already.</summary>
    public int TakeBuffered(Span<byte> buffer)
    {
        var count = Math.Min(_end - _start, buffer.Length);
        Buffered[..count].CopyTo(buffer);
        _start += count;
        return count;
    }

    /// <summary>Sends all of it.</summary>
    public ValueTask WriteAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
    {
        _written += bytes.Length;
        var sending = socket.SendAsync(bytes, SocketFlags.None, cancellationToken);
        if (!sending.IsCompletedSuccessfully)
        {
            return FinishAsync(sending);
        }

        _ = sending.Result;
        return ValueTask.CompletedTask;
    }

    private ReadOnlySpan<byte> Buffered => _buffer.AsSpan(_start, _end - _start);

    private ValueTask SendHeadAsync(HttpRequestMessage request, out bool isChunked)
    {
        (_writtenBefore, _keepsAlive, _continued) = (_written, true, null);
        return SendHeadAsync(RequestHead.Write(request, out isChunked));
    }

    private async ValueTask SendHeadAsync(ArraySegment<byte> head)
    {
        try
        {
            await WriteAsync(head, CancellationToken.None);
        }
        catch (SocketException exception) when (_isReused && !_isAborted)
        {
            // The read knows whether the service had ended the connection in order before.
            throw await EndedAsync(exception);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(head.Array!);
        }
    }

    private async Task SendBodyAsync(HttpContent content, bool isChunked, CancellationToken cancellationToken)
    {
        try
        {
            var body = new RequestBody(this, isChunked);
            await content.CopyToAsync(body, cancellationToken);
            await body.FinishAsync(cancellationToken);
        }
        catch
        {
            // So that nobody waits for the answer to half a request.
            Abort();
            throw;
        }
    }

    private async ValueTask<AnswerHead> ReadHeadAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            int length;
            for (var seen = 0; (length = AnswerHead.LengthIn(Buffered, seen)) == 0 || length > MaxHead;)
            {
                seen = _end - _start;
                if (seen > MaxHead)
                {
                    throw AnswerHead.Invalid($"has more than {MaxHead} bytes of headers");
                }

                if (!await FillAsync(cancellationToken))
                {
                    throw await EndedAsync();
                }

                AnswerHead.ThrowIfOther(Buffered);
            }

            var head = AnswerHead.Parse(Buffered[..length], new AnswerContent());
            _start += length;
            var status = (int)head.Message.StatusCode;
            if (status is >= 200 or 101)
            {
                return head;
            }

            if (status == 100)
            {
                _continued?.TrySetResult();
            }
        }
    }

    private HttpResponseMessage Open(AnswerHead head, HttpRequestMessage request)
    {
        head.Message.RequestMessage = request;
        _keepsAlive &= head.KeepsAlive;
        var status = (int)head.Message.StatusCode;
        Stream body;
        if (status == 101)
        {
            body = new SwitchedConnection(this, socket);
        }
        else if (request.Method == HttpMethod.Head || status is 204 or 304 || head is { IsEncoded: false, Length: 0 })
        {
            body = Stream.Null;
            Complete();
        }
        else if (head.IsChunked)
        {
            body = new ChunkedBody(this, head);
        }
        else if (head is { IsEncoded: false, Length: { } length })
        {
            body = new MeasuredBody(this, length);
        }
        else
        {
            body = new EndlessBody(this);
        }

        ((AnswerContent)head.Message.Content).Body = body;
        return head.Message;
    }

    /// <returns>False at the service's end.</returns>
    private async ValueTask<bool> FillAsync(CancellationToken cancellationToken)
    {
        int received;
        try
        {
            if (_ahead is { } ahead)
            {
                _ahead = null;
                received = await ahead;
            }
            else
            {
                MakeRoom();
                received = await socket.ReceiveAsync(_buffer.AsMemory(_end), SocketFlags.None, cancellationToken);
            }
        }
        catch (SocketException exception) when (_isReused && _start == _end && !_isAborted)
        {
            // A reset that does not follow an orderly end says nothing about what was taken.
            throw new ReusedConnectionClosedException(nothingTaken: false, exception);
        }
        finally
        {
            if (EventLoop.IsCurrent)
            {
                await Task.Yield();
            }
        }

        _end += received;
        return received > 0;
    }

    [SuppressMessage("Reliability", "CA2012", Justification = "Awaited once, by the next request.")]
    private bool TryReadAhead()
    {
        try
        {
            _ahead = socket.ReceiveAsync(_buffer.AsMemory(), SocketFlags.None);
            return true;
        }
        catch (ObjectDisposedException)
        {
            return false;
        }
    }

    // Why there is no answer, or no more of it.
    private async ValueTask<IOException> EndedAsync(SocketException? inSending = null)
    {
        if (inSending is not null && await FillAsync(CancellationToken.None))
        {
            return new ReusedConnectionClosedException(nothingTaken: false, inSending);
        }

        return _start == _end && _isReused
            ? new ReusedConnectionClosedException(await TcpDelivery.IsRefusedAsync(socket, _writtenBefore, time), null)
            : new HttpIOException(HttpRequestError.ResponseEnded, "The service closed the connection without an answer.");
    }

    private void MakeRoom()
    {
        if (_start == _end)
        {
            Keep(BufferSize);
        }
        else if (_end == _buffer.Length)
        {
            var larger = ArrayPool<byte>.Shared.Rent(2 * (_end - _start));
            var rest = Buffered;
            rest.CopyTo(larger);
            ArrayPool<byte>.Shared.Return(_buffer);
            (_buffer, _start, _end) = (larger, 0, rest.Length);
        }
    }

    // Nothing is in it.
    private void Keep(int size)
    {
        (_start, _end) = (0, 0);
        if (_buffer.Length != size)
        {
            Release();
            _buffer = ArrayPool<byte>.Shared.Rent(size);
        }
    }

    /// <summary>Does without a buffer from now on.</summary>
    public void Release()
    {
        if (_buffer.Length > 0)
        {
            ArrayPool<byte>.Shared.Return(_buffer);
        }

        (_buffer, _start, _end) = ([], 0, 0);
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private static async ValueTask<int> LeaveAsync(ValueTask<int> receiving)
    {
        try
        {
            return await receiving;
        }
        finally
        {
            if (EventLoop.IsCurrent)
            {
                await Task.Yield();
            }
        }
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    private static async ValueTask FinishAsync(ValueTask<int> sending)
    {
        try
        {
            await sending;
        }
        finally
        {
            if (EventLoop.IsCurrent)
            {
                await Task.Yield();
            }
        }
    }
}
