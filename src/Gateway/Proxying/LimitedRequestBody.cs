using System.Buffers;
using System.IO.Pipelines;
using System.Runtime.CompilerServices;
using Gateway.Platform;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Http.Features;
using Yarp.ReverseProxy.Model;

namespace Gateway.Proxying;

/// <summary>A request's body that ends in 413 at the limit, and knows whether anything was read of it. The limit is kept here rather than by
/// Kestrel, which reads nothing more of a body that is too large, so that <see cref="UnreadUpload"/> could not let the client finish.</summary>
internal sealed class LimitedRequestBody : Stream
{
    private readonly long _limit;
    private readonly PipeReader _reader;
    private long _read;
    private bool _begun;

    // Begun ahead, with nothing there yet: the next read goes on with it.
    private ValueTask<ReadResult>? _pending;

    private LimitedRequestBody(HttpRequest request, long limit) => (Unlimited, _reader, _limit) = (request.Body, request.BodyReader, limit);

    /// <summary>The same body, what is beyond the limit included.</summary>
    public Stream Unlimited { get; }

    /// <summary>Takes the limit over from the server.</summary>
    /// <param name="context">Of a request with a body.</param>
    /// <returns>False when the body is known to be larger.</returns>
    public static bool TryAttach(HttpContext context)
    {
        if (context.Features.Find<IHttpMaxRequestBodySizeFeature>() is not { IsReadOnly: false, MaxRequestBodySize: { } limit } size)
        {
            return true;
        }

        size.MaxRequestBodySize = null;
        if (context.Request.ContentLength > limit)
        {
            return false;
        }

        context.Request.Body = new LimitedRequestBody(context.Request, limit);
        return true;
    }

    /// <summary>The key of the limit: the route's own where it has one.</summary>
    public static string Setting(HttpContext context) =>
        context.GetEndpoint()?.Metadata.GetMetadata<RouteModel>()?.Config is { MaxRequestBodySize: not null } route
            ? $"ReverseProxy:Routes:{route.RouteId}:MaxRequestBodySize"
            : "Gateway:Limits:MaxRequestBodySize";

    /// <summary>Whether the request can be sent again from its beginning: it has no body, or nobody has begun to read it.</summary>
    public static bool IsUntouched(HttpContext context) => !HasBody(context) || context.Request.Body is LimitedRequestBody { _begun: false };

    /// <summary>Bytes that were read for the service.</summary>
    public static long BytesRead(HttpContext context) => context.Request.Body is LimitedRequestBody body ? body._read : 0;

    /// <summary>Whether the client has announced a body.</summary>
    public static bool HasBody(HttpContext context) => context.Features.Find<IHttpRequestBodyDetectionFeature>() is not { CanHaveBody: false };

    /// <summary>Whether the client has said that the body is empty, and has not ended it: over HTTP/2 these are two things (RFC 9113 section 8.1.1).</summary>
    public static bool IsSaidToBeEmpty(HttpContext context) => context.Request.ContentLength == 0 && HasBody(context);

    /// <summary>Waits until an empty body has ended. When something comes instead, the request is malformed and none of it may reach a service; the server,
    /// which counts, ends it then.</summary>
    /// <exception cref="BadHttpRequestException">It has not ended in order, or not in time.</exception>
    public static async ValueTask WaitForEndAsync(HttpContext context)
    {
        var reader = context.Request.BodyReader;
        try
        {
            var result = await reader.ReadAsync(context.RequestAborted);
            reader.AdvanceTo(result.Buffer.Start);
            if (result is { IsCompleted: true, Buffer.IsEmpty: true })
            {
                return;
            }
        }
        catch (Exception exception) when (exception is not BadHttpRequestException)
        {
            throw new BadHttpRequestException("The body has broken off.", exception);
        }

        throw new BadHttpRequestException("The body is longer than its Content-Length.");
    }

    /// <summary>Ends a read that was begun ahead, so that another may read what is left.</summary>
    public static ValueTask ReleaseAsync(HttpContext context) =>
        context.Request.Body is LimitedRequestBody { _pending: not null } body ? body.ReleaseAsync() : ValueTask.CompletedTask;

    /// <summary>Takes all that is there already: a TLS record brings 16 KB, and each read becomes a write to the service.</summary>
    /// <exception cref="BadHttpRequestException">413: the body is beyond the limit.</exception>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        _begun = true;
        var total = 0;
        while (true)
        {
            var reading = _pending ?? _reader.ReadAsync(cancellationToken);
            if (total > 0 && !reading.IsCompletedSuccessfully)
            {
                _pending = reading;
                break;
            }

            _pending = null;
            var result = await AwaitAsync(reading);
            var taken = (int)Math.Min(result.Buffer.Length, buffer.Length - total);
            var part = result.Buffer.Slice(0, taken);
            part.CopyTo(buffer.Span[total..]);
            // An empty buffer asks for news only: nothing was looked at.
            _reader.AdvanceTo(part.End);
            total += taken;
            if (total == buffer.Length || (result.IsCompleted && taken == result.Buffer.Length))
            {
                break;
            }
        }

        _read += total;
        return _read <= _limit
            ? total
            : throw new BadHttpRequestException($"The request's body is larger than {_limit} bytes.", StatusCodes.Status413PayloadTooLarge);
    }

    // As Kestrel's own stream says it.
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private static async ValueTask<ReadResult> AwaitAsync(ValueTask<ReadResult> reading)
    {
        try
        {
            var result = await reading;
            return result.IsCanceled ? throw new OperationCanceledException("The read was canceled.") : result;
        }
        catch (ConnectionAbortedException exception)
        {
            throw new TaskCanceledException("The request was aborted.", exception);
        }
    }

    private async ValueTask ReleaseAsync()
    {
        var pending = _pending!.Value;
        _pending = null;
        _reader.CancelPendingRead();
        try
        {
            var result = await pending;
            _reader.AdvanceTo(result.Buffer.Start);
            // It had come in that moment: then the cancellation waits for the next read.
            if (!result.IsCanceled && _reader.TryRead(out result))
            {
                _reader.AdvanceTo(result.Buffer.Start);
            }
        }
        catch (Exception exception) when (exception is IOException or OperationCanceledException)
        {
            // The client has gone.
        }
    }

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override bool CanRead => true;

    public override bool CanWrite => false;

    public override bool CanSeek => false;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    public override void Flush()
    {
    }

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException("Read asynchronously.");

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();
}
