using System.Buffers;
using System.Net.Sockets;
using Gateway.Platform.Sockets;

namespace Gateway.Proxying.Services;

/// <summary>
/// A connection to a service: one request after the other. It knows of the service's end while it waits for the next one, and whether a
/// request can have reached a service that closed it (<see cref="ReusedConnectionClosedException"/>).
/// </summary>
internal sealed class Http11Connection(PolledSocket socket, Http11Pool pool, Http11Service service, TimeProvider time)
{
    private const int MaxHead = 64 * 1024;
    private const int BytesInLoop = 16 * 1024;

    // As SocketsHttpHandler: a service that does not know 100 (Continue) waits for the body.
    private static readonly TimeSpan ContinueTime = TimeSpan.FromSeconds(1);

    private bool _isReused;
    private bool _keepsAlive;
    private long _writtenBefore;
    private TaskCompletionSource? _continued;

    public Http11Service Service => service;

    /// <summary>What is sent and received.</summary>
    public BufferedSocket Bytes { get; } = new(socket);

    /// <summary>By the clock's timestamps.</summary>
    public long OpenedAt { get; } = time.GetTimestamp();

    /// <summary>By the clock's timestamps; set by the pool.</summary>
    public long IdleSince { get; set; }

    /// <summary>How long the service has said that it waits for the next request; null where it has not.</summary>
    public TimeSpan? Patience { get; private set; }

    /// <summary>Something has come that nobody asked for: most likely its end.</summary>
    public bool HasNews => Bytes.HasUnread;

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
                if (_isReused && TcpDelivery.HasEnded(Bytes.Socket) && !await FillAsync(cancellationToken))
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
    public void Abort() => Bytes.Abort();

    /// <summary>The answer has been read to its end.</summary>
    public void Complete()
    {
        if (!_keepsAlive || Bytes.HasBuffered || Bytes.IsAborted)
        {
            Abort();
            return;
        }

        _isReused = true;
        Bytes.Release();
        pool.Return(this);
    }

    private ValueTask SendHeadAsync(HttpRequestMessage request, out bool isChunked)
    {
        (_writtenBefore, _keepsAlive, _continued) = (Bytes.Written, true, null);
        // A small exchange is over before the loop's other sockets would notice.
        Bytes.GoOnInLoop(request.Content is null ? BytesInLoop : 0);
        return SendHeadAsync(RequestHead.Write(request, out isChunked));
    }

    private async ValueTask SendHeadAsync(ArraySegment<byte> head)
    {
        try
        {
            await Bytes.WriteAsync(head, CancellationToken.None);
        }
        catch (SocketException exception) when (_isReused && !Bytes.IsAborted)
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
            var body = new RequestBody(Bytes, isChunked);
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
            for (var seen = 0; (length = AnswerHead.LengthIn(Bytes.Buffered.Span, seen)) == 0 || length > MaxHead;)
            {
                seen = Bytes.Buffered.Length;
                if (seen > MaxHead)
                {
                    throw AnswerHead.Invalid($"has more than {MaxHead} bytes of headers");
                }

                if (!await FillAsync(cancellationToken))
                {
                    throw await EndedAsync();
                }

                AnswerHead.ThrowIfOther(Bytes.Buffered.Span);
            }

            var head = AnswerHead.Parse(Bytes.Buffered.Span[..length], new AnswerContent());
            Bytes.Skip(length);
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
        Patience = head.Patience;
        var status = (int)head.Message.StatusCode;
        Stream body;
        if (status == 101)
        {
            body = new SwitchedConnection(Bytes);
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

    private async ValueTask<bool> FillAsync(CancellationToken cancellationToken)
    {
        try
        {
            return await Bytes.FillAsync(cancellationToken);
        }
        catch (SocketException exception) when (_isReused && !Bytes.HasBuffered && !Bytes.IsAborted)
        {
            // A reset that does not follow an orderly end says nothing about what was taken.
            throw new ReusedConnectionClosedException(nothingTaken: false, exception);
        }
    }

    // Why there is no answer, or no more of it.
    private async ValueTask<IOException> EndedAsync(SocketException? inSending = null)
    {
        if (inSending is not null && await FillAsync(CancellationToken.None))
        {
            return new ReusedConnectionClosedException(nothingTaken: false, inSending);
        }

        return !Bytes.HasBuffered && _isReused
            ? new ReusedConnectionClosedException(await TcpDelivery.IsRefusedAsync(Bytes.Socket, _writtenBefore, time), null)
            : new HttpIOException(HttpRequestError.ResponseEnded, "The service closed the connection without an answer.");
    }
}
