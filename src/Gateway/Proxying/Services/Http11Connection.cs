using System.Buffers;
using System.Net.Sockets;
using System.Runtime.CompilerServices;
using Gateway.Platform.Sockets;

namespace Gateway.Proxying.Services;

/// <summary>
/// A connection to a service: one request after the other. It knows of the service's end while it waits for the next one, and whether a
/// request can have reached a service that closed it (<see cref="ReusedConnectionClosedException"/>).
/// </summary>
internal sealed class Http11Connection(PolledSocket socket, Http11Pool pool, KeptConnections kept, TimeProvider time)
{
    private const int MaxHead = 64 * 1024;
    private const int BytesInLoop = 16 * 1024;

    // As SocketsHttpHandler: a service that does not know 100 (Continue) waits for the body.
    private static readonly TimeSpan ContinueTime = TimeSpan.FromSeconds(1);

    private readonly AnswerHead _head = new();
    private bool _isReused;
    private bool _keepsAlive;
    private long _writtenBefore;
    private TaskCompletionSource? _continued;

    /// <summary>Where it waits for its next request.</summary>
    public KeptConnections Kept => kept;

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

    /// <summary>Sends a request without a body and waits for the head of its answer.</summary>
    /// <param name="request">From <see cref="RequestHead"/>; given back to the shared pool.</param>
    /// <param name="cancellationToken">Ends the connection.</param>
    /// <returns>Valid until the answer's body has been read.</returns>
    /// <exception cref="OperationCanceledException">Given up.</exception>
    /// <exception cref="ReusedConnectionClosedException">The service had closed the connection, which had been used before.</exception>
    /// <exception cref="HttpRequestException">It sent something that is not HTTP.</exception>
    /// <exception cref="IOException">It closed without an answer, or the connection broke.</exception>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public async ValueTask<AnswerHead> AskAsync(ArraySegment<byte> request, CancellationToken cancellationToken)
    {
        var registration = cancellationToken.UnsafeRegister(static connection => ((Http11Connection)connection!).Abort(), this);
        try
        {
            // A small exchange is over before the loop's other sockets would notice.
            Begin(BytesInLoop);
            await SendHeadAsync(request);
            // Here, and not two methods further down: each that waits for another costs as much as the wait.
            await Bytes.WaitAsync();
            return await ReadHeadAsync();
        }
        catch (Exception exception)
        {
            Abort();
            ThrowIfGivenUp(exception, cancellationToken);
            throw;
        }
        finally
        {
            registration.Dispose();
        }
    }

    /// <summary>What follows the head.</summary>
    /// <param name="head">Of an answer that is none to a WebSocket.</param>
    /// <param name="isForHead">The request's method was HEAD.</param>
    /// <param name="message">Takes the trailers; null for one that is made if there are any.</param>
    /// <returns>Null where there is no body: then the connection has been given back.</returns>
    public AnswerBody? Open(AnswerHead head, bool isForHead, HttpResponseMessage? message)
    {
        Follow(head);
        if (HasNoBody(head, isForHead))
        {
            Complete();
            return null;
        }

        return head switch
        {
            { IsChunked: true } => new ChunkedBody(this, message),
            { IsEncoded: false, Length: { } length } => new MeasuredBody(this, length),
            _ => new EndlessBody(this),
        };
    }

    /// <summary>What follows the head, where all of it has come already: most small answers come in one piece.</summary>
    /// <param name="head">Of an answer that is none to a WebSocket.</param>
    /// <param name="isForHead">The request's method was HEAD.</param>
    /// <param name="body">Valid until <see cref="CompleteWhole"/>.</param>
    /// <returns>False where <see cref="Open"/> is to be asked.</returns>
    public bool TryOpenWhole(AnswerHead head, bool isForHead, out ReadOnlyMemory<byte> body)
    {
        body = Bytes.Buffered;
        if (head.IsEncoded || head.Length != body.Length || HasNoBody(head, isForHead))
        {
            return false;
        }

        Follow(head);
        return true;
    }

    /// <summary>The body that had come with the head is not needed any more.</summary>
    public void CompleteWhole()
    {
        Bytes.Skip(Bytes.Buffered.Length);
        Complete();
    }

    /// <summary>Sends a request and waits for the head of its answer.</summary>
    /// <exception cref="OperationCanceledException">Given up.</exception>
    /// <exception cref="ReusedConnectionClosedException">The service had closed the connection, which had been used before.</exception>
    /// <exception cref="HttpRequestException">It sent something that is not HTTP.</exception>
    /// <exception cref="IOException">It closed without an answer, or the connection broke.</exception>
    public async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        ArraySegment<byte> head;
        bool isChunked;
        try
        {
            head = RequestHead.Write(request, out isChunked);
        }
        catch
        {
            Abort();
            throw;
        }

        var answer = request.Content is { } content
            ? await AskAsync(head, content, isChunked, request.Headers.NonValidated.Contains("Expect"), cancellationToken)
            : await AskAsync(head, cancellationToken);
        var body = new AnswerContent();
        var message = answer.ToMessage(body);
        message.RequestMessage = request;
        body.Body = answer.Status == 101 ? new SwitchedConnection(Bytes) : Open(answer, request.Method == HttpMethod.Head, message) ?? Stream.Null;
        return message;
    }

    private async Task<AnswerHead> AskAsync(ArraySegment<byte> head, HttpContent content, bool isChunked, bool asksFirst, CancellationToken cancellationToken)
    {
        var registration = cancellationToken.UnsafeRegister(static connection => ((Http11Connection)connection!).Abort(), this);
        var sending = Task.CompletedTask;
        try
        {
            Begin(0);
            await SendHeadAsync(head);
            // Now is the time to notice: once the body has been read from the client, it cannot be sent again.
            if (_isReused && TcpDelivery.HasEnded(Bytes.Socket) && !await FillAsync(cancellationToken))
            {
                throw await EndedAsync();
            }

            Task<AnswerHead>? answering = null;
            if (asksFirst)
            {
                _continued = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
                answering = ReadHeadAsync().AsTask();
                await Task.WhenAny(_continued.Task, answering, Task.Delay(ContinueTime, time, cancellationToken));
                _keepsAlive = !answering.IsCompleted;
            }

            sending = _keepsAlive ? SendBodyAsync(content, isChunked, cancellationToken) : sending;
            var answer = answering is null ? await ReadHeadAsync() : await answering;
            // An answer in the middle of the request waits for its end: the client may not listen before.
            await sending;
            return answer;
        }
        catch (Exception exception)
        {
            Abort();
            ThrowIfGivenUp(exception, cancellationToken);
            if (sending.IsFaulted)
            {
                await sending;
            }

            _ = sending.ContinueWith(static t => t.Exception, CancellationToken.None, TaskContinuationOptions.OnlyOnFaulted, TaskScheduler.Default);
            throw;
        }
        finally
        {
            registration.Dispose();
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

    private static bool HasNoBody(AnswerHead head, bool isForHead) => isForHead || head.Status is 204 or 304 || head is { IsEncoded: false, Length: 0 };

    private void Follow(AnswerHead head)
    {
        _keepsAlive &= head.KeepsAlive;
        Patience = head.Patience;
    }

    private void Begin(long bytesInLoop)
    {
        (_writtenBefore, _keepsAlive, _continued) = (Bytes.Written, true, null);
        Bytes.GoOnInLoop(bytesInLoop);
    }

    private static void ThrowIfGivenUp(Exception exception, CancellationToken cancellationToken)
    {
        if (cancellationToken.IsCancellationRequested)
        {
            throw new TaskCanceledException("The request was given up.", exception, cancellationToken);
        }
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
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

    // Whoever gives the request up ends the connection, and with it the wait.
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<AnswerHead> ReadHeadAsync()
    {
        try
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

                    if (!await Bytes.FillAsync(CancellationToken.None))
                    {
                        throw await EndedAsync();
                    }

                    AnswerHead.ThrowIfOther(Bytes.Buffered.Span);
                }

                _head.Read(Bytes.Buffered.Span[..length]);
                Bytes.Skip(length);
                if (_head.Status is >= 200 or 101)
                {
                    return _head;
                }

                if (_head.Status == 100)
                {
                    _continued?.TrySetResult();
                }
            }
        }
        catch (SocketException exception) when (IsOfFormerRequest())
        {
            throw Reset(exception);
        }
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<bool> FillAsync(CancellationToken cancellationToken)
    {
        try
        {
            return await Bytes.FillAsync(cancellationToken);
        }
        catch (SocketException exception) when (IsOfFormerRequest())
        {
            throw Reset(exception);
        }
    }

    private bool IsOfFormerRequest() => _isReused && !Bytes.HasBuffered && !Bytes.IsAborted;

    // One that does not follow an orderly end says nothing about what was taken.
    private static ReusedConnectionClosedException Reset(SocketException exception) => new(nothingTaken: false, exception);

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
