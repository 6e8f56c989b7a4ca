using Gateway.Platform;
using Gateway.Proxying.Services;
using Yarp.ReverseProxy.Forwarder;

namespace Gateway.Proxying;

/// <summary>
/// A request that met a connection of the pool which its service had closed is sent again, once, over a new one: any request of which
/// the service has certainly seen nothing, and a safe one (RFC 9110 section 9.2.1) whenever no byte of an answer has come. Never when
/// a byte of its body was read from the client, nor when the connection was new.
/// </summary>
internal sealed class SecondAttempt
{
    private static readonly SecondAttempt Mark = new();

    public static bool IsUnderWay(HttpContext context) => context.Features.Find<SecondAttempt>() is not null;

    /// <summary>Clears what is known of the first attempt if there may be a second one.</summary>
    public static bool TryBegin(HttpContext context)
    {
        if (IsUnderWay(context)
            || context.Response.HasStarted
            || context.RequestAborted.IsCancellationRequested
            || context.Features.Find<IForwarderErrorFeature>() is not { Error: ForwarderError.Request or ForwarderError.RequestBodyDestination } failure
            || ReusedConnectionClosedException.In(failure.Exception) is not { } closed
            || !LimitedRequestBody.IsUntouched(context)
            || !(closed.NothingTaken || IsSafe(context)))
        {
            return false;
        }

        Forget(context);
        context.Features.Set(Mark);
        return true;
    }

    /// <summary>Without a body, and not meant to change anything: harmless to send twice.</summary>
    public static bool IsSafe(HttpContext context) =>
        !LimitedRequestBody.HasBody(context)
        && (HttpMethods.IsGet(context.Request.Method) || HttpMethods.IsHead(context.Request.Method) || HttpMethods.IsOptions(context.Request.Method)
            || WebSocketTunnel.Of(context) is not null);

    /// <summary>Makes the response what it was before the attempt that failed.</summary>
    public static void Forget(HttpContext context)
    {
        context.Features.Set<IForwarderErrorFeature>(null);
        context.Response.StatusCode = StatusCodes.Status200OK;
    }
}
