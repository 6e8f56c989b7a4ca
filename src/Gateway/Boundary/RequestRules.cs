using Gateway.Configuration;
using Gateway.Platform;
using Gateway.Proxying;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Primitives;

namespace Gateway.Boundary;

/// <summary>
/// Refuses, with 400 and the end of the connection, what two parsers could read in two ways; of what is left, every claim about the client has to be true
/// (<see cref="ForwardedHeaders"/>). Kestrel itself refuses the rest before any middleware runs: bare LF, folded headers, a Host that is missing, double or
/// not the target's, a Content-Length that is double or no number.
/// </summary>
internal sealed class RequestRules(RequestDelegate next, CurrentConfiguration configuration)
{
    private readonly ForwardedHeaders _forwarded = new(configuration);

    public Task InvokeAsync(HttpContext context)
    {
        // Also of one that is refused: the log names the client.
        var chain = _forwarded.Learn(context);
        var request = context.Request;
        if (IsMethodOfProxies(context, request.Method))
        {
            return Refuse(context, StatusCodes.Status405MethodNotAllowed, $"The method {request.Method} is not supported.");
        }

        List<string>? forged = null;
        var violation = StringValues.IsNullOrEmpty(request.Headers.Host) ? "The request names no host." : HeaderRules.Violation(request, out forged);
        violation ??= context.Features.Find<IHttpRequestFeature>()?.RawTarget is { Length: > 0 } target ? TargetRules.Violation(target) : null;
        if (violation is not null)
        {
            return Refuse(context, StatusCodes.Status400BadRequest, violation);
        }

        request.Headers.Remove(HeaderRules.UnfollowedContentLength);
        _forwarded.Replace(context, forged, chain);
        return next(context);
    }

    /// <summary>Answers in the service's stead, and ends the connection.</summary>
    public static Task Refuse(HttpContext context, int statusCode, string explanation, string? setting = null)
    {
        Refusal.Set(context, statusCode, explanation, setting: setting);
        if (HttpProtocol.IsHttp10(context.Request.Protocol) || HttpProtocol.IsHttp11(context.Request.Protocol))
        {
            // What follows on this connection may be the part of the request that the sender hopes is taken for another one.
            context.Response.Headers.Connection = "close";
        }

        return Task.CompletedTask;
    }

    // CONNECT asks for a tunnel to anywhere; its extended form, a WebSocket over HTTP/2, is another matter (RFC 8441). TRACE would show
    // the client what the gateway added for the service.
    private static bool IsMethodOfProxies(HttpContext context, string method) =>
        HttpMethods.IsTrace(method)
        || (HttpMethods.IsConnect(method) && context.Features.Find<IHttpExtendedConnectFeature>() is not { IsExtendedConnect: true });
}
