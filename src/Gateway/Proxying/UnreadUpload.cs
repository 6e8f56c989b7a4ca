using System.Buffers;
using Gateway.Platform;
using Microsoft.AspNetCore.Http.Features;

namespace Gateway.Proxying;

/// <summary>
/// Reads what an HTTP/1.1 client goes on sending although it has been answered, and throws it away. Many clients (Python's requests)
/// look for the answer only when they have sent everything; a connection that is closed with unread data is reset, which destroys
/// an answer that the client has not read yet (RFC 9112 section 9.6).
/// </summary>
internal sealed class UnreadUpload(RequestDelegate next, TimeProvider time)
{
    // As long as nginx lingers. A client that sends next to nothing is cut off earlier by Kestrel's minimum data rate.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private const int BufferSize = 16 * 1024;

    public Task InvokeAsync(HttpContext context) => LimitedRequestBody.HasBody(context) ? ReadAfterAsync(context) : next(context);

    private async Task ReadAfterAsync(HttpContext context)
    {
        await next(context);
        if (MayHaveUnreadBody(context))
        {
            await context.Response.CompleteAsync();
            await DiscardAsync(context);
        }
    }

    // HTTP/2 and HTTP/3 tell the client to stop, without harm to the answer (RFC 9113 section 8.1). A client that asked for leave to
    // send (100-continue) has been refused it; one whose request broke the rules is not listened to any longer.
    private static bool MayHaveUnreadBody(HttpContext context) =>
        HttpProtocol.IsHttp11(context.Request.Protocol)
        && context.Request.Headers.Expect.Count == 0
        && context.Response.StatusCode is not (StatusCodes.Status101SwitchingProtocols or StatusCodes.Status400BadRequest)
        && !context.RequestAborted.IsCancellationRequested;

    private async Task DiscardAsync(HttpContext context)
    {
        if (context.Features.Find<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } size)
        {
            size.MaxRequestBodySize = null;
        }

        var body = context.Request.Body is LimitedRequestBody limited ? limited.Unlimited : context.Request.Body;
        var buffer = ArrayPool<byte>.Shared.Rent(BufferSize);
        using var patience = new CancellationTokenSource(Patience, time);
        try
        {
            while (await body.ReadAsync(buffer, patience.Token) > 0)
            {
            }
        }
        catch (Exception exception) when (exception is IOException or OperationCanceledException)
        {
            // Broken off, malformed or too slow: the server closes the connection.
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }
}
