using Gateway.Configuration;
using Microsoft.AspNetCore.Http.Features;
using Yarp.ReverseProxy.Forwarder;

namespace Gateway.Proxying;

/// <summary>
/// YARP's forwarder with the gateway's rules for time and size: an ordinary request ends when its service is silent for
/// <c>Timeouts:Request</c>, a WebSocket only at <c>WebSockets:IdleTimeout</c>, and a body known to be too large is refused before
/// any of it is sent.
/// </summary>
internal sealed class ServiceForwarder(IHttpForwarder forwarder, GatewayOptions options, OpenWebSockets sockets) : IHttpForwarder
{
    // A service behind the gateway speaks HTTP/1.1 unless its cluster says otherwise: over HTTP/2 a request that merely claims to be
    // gRPC would be exempt from the body limit.
    private readonly ForwarderRequestConfig _defaults = new()
    {
        Version = System.Net.HttpVersion.Version11,
        VersionPolicy = HttpVersionPolicy.RequestVersionOrLower,
        ActivityTimeout = options.RequestTimeout,
    };

    private readonly TimeSpan _webSocketIdleTimeout = options.WebSocketIdleTimeout ?? Timeout.InfiniteTimeSpan;

    public ValueTask<ForwarderError> SendAsync(
        HttpContext context, string destinationPrefix, HttpMessageInvoker httpClient, ForwarderRequestConfig requestConfig, HttpTransformer transformer) =>
        SendAsync(context, destinationPrefix, httpClient, requestConfig, transformer, CancellationToken.None);

    public ValueTask<ForwarderError> SendAsync(
        HttpContext context,
        string destinationPrefix,
        HttpMessageInvoker httpClient,
        ForwarderRequestConfig requestConfig,
        HttpTransformer transformer,
        CancellationToken cancellationToken)
    {
        if (IsTooLarge(context))
        {
            Refusal.Set(context, StatusCodes.Status413PayloadTooLarge);
            return ValueTask.FromResult(ForwarderError.None);
        }

        var config = WithDefaults(requestConfig);
        return context.Features.Get<WebSocketTunnel>() is { } tunnel
            ? ForwardWebSocketAsync(tunnel, context, destinationPrefix, httpClient, config, transformer)
            : forwarder.SendAsync(context, destinationPrefix, httpClient, config, transformer, cancellationToken);
    }

    private async ValueTask<ForwarderError> ForwardWebSocketAsync(
        WebSocketTunnel tunnel, HttpContext context, string destinationPrefix, HttpMessageInvoker httpClient, ForwarderRequestConfig config, HttpTransformer transformer)
    {
        if (sockets.IsDraining)
        {
            // By then another process listens here, or this one is back.
            context.Response.Headers.RetryAfter = "5";
            Refusal.Set(context, StatusCodes.Status503ServiceUnavailable);
            return ForwarderError.None;
        }

        tunnel.LimitHandshake(config.ActivityTimeout ?? options.RequestTimeout);
        config = config with { ActivityTimeout = _webSocketIdleTimeout };
        var error = await forwarder.SendAsync(context, destinationPrefix, httpClient, config, transformer, tunnel.Cancellation);
        if (error == ForwarderError.RequestCanceled && !context.RequestAborted.IsCancellationRequested)
        {
            context.Response.StatusCode = StatusCodes.Status504GatewayTimeout;
        }

        tunnel.OnEnded(error);
        return error;
    }

    private ForwarderRequestConfig WithDefaults(ForwarderRequestConfig? configured)
    {
        if (configured is null || configured == ForwarderRequestConfig.Empty)
        {
            return _defaults;
        }

        return configured with
        {
            Version = configured.Version ?? _defaults.Version,
            VersionPolicy = configured.VersionPolicy ?? _defaults.VersionPolicy,
            ActivityTimeout = configured.ActivityTimeout ?? _defaults.ActivityTimeout,
        };
    }

    private static bool IsTooLarge(HttpContext context) =>
        context.Request.ContentLength is { } length
        && context.Features.Get<IHttpMaxRequestBodySizeFeature>()?.MaxRequestBodySize is { } limit
        && length > limit;
}
