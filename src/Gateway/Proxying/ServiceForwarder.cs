using System.Runtime.CompilerServices;
using Gateway.Configuration;
using Gateway.Platform;
using Gateway.Proxying.Services;
using Yarp.ReverseProxy.Forwarder;
using Yarp.ReverseProxy.Model;

namespace Gateway.Proxying;

/// <summary>
/// YARP's forwarder with the gateway's rules for time and size: an ordinary request ends when its service is silent for
/// <c>Timeouts:Request</c>, a WebSocket only at <c>WebSockets:IdleTimeout</c>, and a body known to be too large is refused before
/// any of it is sent.
/// </summary>
internal sealed class ServiceForwarder(
    IHttpForwarder forwarder, DirectForwarder? direct, FailedForwarding failures, CurrentConfiguration configuration, OpenWebSockets sockets) : IHttpForwarder
{
    // Most clusters configure nothing, so their request's rules are made once for each configuration.
    private Defaults _defaults = new(configuration.Value.Gateway);

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
        var config = WithDefaults(requestConfig);
        if (WebSocketTunnel.Of(context) is { } tunnel)
        {
            return CarryWebSocketAsync(tunnel, OpenWebSocketAsync(tunnel, context, destinationPrefix, httpClient, config, transformer));
        }

        return SendOrdinaryAsync(context, context.Features.Find<IReverseProxyFeature>(), destinationPrefix, httpClient, config, transformer, cancellationToken);
    }

    /// <summary>What YARP would ask for in the end, of a request that opens no WebSocket.</summary>
    /// <param name="context">Has <paramref name="proxy"/> among its features.</param>
    /// <param name="proxy">Its route and cluster.</param>
    /// <param name="destination">Of that cluster.</param>
    public ValueTask<ForwarderError> SendAsync(HttpContext context, IReverseProxyFeature proxy, DestinationState destination) => SendOrdinaryAsync(
        context, proxy, destination.Model.Config.Address, proxy.Cluster.HttpClient, WithDefaults(proxy.Cluster.Config.HttpRequest), proxy.Route.Transformer, CancellationToken.None);

    private ValueTask<ForwarderError> SendOrdinaryAsync(
        HttpContext context, IReverseProxyFeature? proxy, string destinationPrefix, HttpMessageInvoker httpClient, ForwarderRequestConfig config, HttpTransformer transformer,
        CancellationToken cancellationToken) =>
        LimitedRequestBody.IsSaidToBeEmpty(context)
            ? SendAfterEndAsync(context, proxy, destinationPrefix, httpClient, config, transformer, cancellationToken)
            : SendNowAsync(context, proxy, destinationPrefix, httpClient, config, transformer, cancellationToken);

    private async ValueTask<ForwarderError> SendAfterEndAsync(
        HttpContext context, IReverseProxyFeature? proxy, string destinationPrefix, HttpMessageInvoker httpClient, ForwarderRequestConfig config, HttpTransformer transformer,
        CancellationToken cancellationToken)
    {
        await LimitedRequestBody.WaitForEndAsync(context);
        return await SendNowAsync(context, proxy, destinationPrefix, httpClient, config, transformer, cancellationToken);
    }

    private ValueTask<ForwarderError> SendNowAsync(
        HttpContext context, IReverseProxyFeature? proxy, string destinationPrefix, HttpMessageInvoker httpClient, ForwarderRequestConfig config, HttpTransformer transformer,
        CancellationToken cancellationToken)
    {
        var hasBody = LimitedRequestBody.HasBody(context);
        if (hasBody && !LimitedRequestBody.TryAttach(context))
        {
            Refusal.Set(context, StatusCodes.Status413PayloadTooLarge, cause: "the body is larger than the limit", setting: LimitedRequestBody.Setting(context));
            return ValueTask.FromResult(ForwarderError.None);
        }

        if (direct is null || hasBody || proxy is null || !DirectForwarder.Suits(context, proxy, destinationPrefix) || RequestTarget.Of(context) is not { } target)
        {
            return ForwardAsync(context, destinationPrefix, httpClient, config, transformer, cancellationToken);
        }

        // Only where there is another destination can one have failed before.
        var isSecond = proxy.AllDestinations.Count > 1 && SecondAttempt.IsUnderWay(context);
        return new ValueTask<ForwarderError>(direct.SendAsync(context, destinationPrefix, target, isSecond, config.ActivityTimeout!.Value, cancellationToken));
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<ForwarderError> ForwardAsync(
        HttpContext context, string destinationPrefix, HttpMessageInvoker httpClient, ForwarderRequestConfig config, HttpTransformer transformer, CancellationToken cancellationToken)
    {
        ClientHeaders.Complete(context);
        var error = await forwarder.SendAsync(context, destinationPrefix, httpClient, config, transformer, cancellationToken);
        if (error != ForwarderError.None && SecondAttempt.TryBegin(context))
        {
            error = await forwarder.SendAsync(context, destinationPrefix, httpClient, config, transformer, cancellationToken);
        }

        await LimitedRequestBody.ReleaseAsync(context);
        if (error == ForwarderError.UpgradeResponseClient && !context.Response.HasStarted)
        {
            // The service has switched protocols unasked: YARP found nothing to switch, and left the service's status.
            context.Response.Clear();
            context.Response.StatusCode = StatusCodes.Status502BadGateway;
        }

        return error == ForwarderError.None ? error : failures.Settle(context, error);
    }

    // What the handshake needs is not kept for as long as the call lasts.
    private async ValueTask<ForwarderError> CarryWebSocketAsync(WebSocketTunnel tunnel, ValueTask<ForwarderError> opening)
    {
        var error = await opening;
        // One that was not opened may be tried elsewhere.
        return tunnel.IsOpened ? await tunnel.CarryAsync(configuration.Value.Gateway.WebSocketIdleTimeout) : error;
    }

    private async ValueTask<ForwarderError> OpenWebSocketAsync(
        WebSocketTunnel tunnel, HttpContext context, string destinationPrefix, HttpMessageInvoker httpClient, ForwarderRequestConfig config, HttpTransformer transformer)
    {
        if (sockets.IsDraining)
        {
            // By then another process listens here, or this one is back.
            context.Response.Headers.RetryAfter = "5";
            Refusal.Set(context, StatusCodes.Status503ServiceUnavailable);
            return ForwarderError.None;
        }

        tunnel.LimitHandshake(config.ActivityTimeout ?? configuration.Value.Gateway.RequestTimeout);
        config = config with { ActivityTimeout = Timeout.InfiniteTimeSpan };
        var error = await ForwardAsync(context, destinationPrefix, httpClient, config, new WebSocketHandOver(transformer, tunnel), tunnel.Cancellation);
        if (error == ForwarderError.RequestCanceled && !context.RequestAborted.IsCancellationRequested)
        {
            context.Response.StatusCode = StatusCodes.Status504GatewayTimeout;
        }

        return error;
    }

    private ForwarderRequestConfig WithDefaults(ForwarderRequestConfig? configured)
    {
        var options = configuration.Value.Gateway;
        var defaults = _defaults;
        if (!ReferenceEquals(defaults.Source, options))
        {
            _defaults = defaults = new Defaults(options);
        }

        if (configured is null || ReferenceEquals(configured, ForwarderRequestConfig.Empty))
        {
            return defaults.Config;
        }

        return configured with
        {
            Version = configured.Version ?? defaults.Config.Version,
            VersionPolicy = configured.VersionPolicy ?? defaults.Config.VersionPolicy,
            ActivityTimeout = configured.ActivityTimeout ?? defaults.Config.ActivityTimeout,
        };
    }

    private sealed class Defaults(GatewayOptions source)
    {
        public GatewayOptions Source => source;

        // A service behind the gateway speaks HTTP/1.1 unless its cluster says otherwise: over HTTP/2 a request that merely claims
        // to be gRPC would be exempt from the body limit.
        public ForwarderRequestConfig Config { get; } = new()
        {
            Version = System.Net.HttpVersion.Version11,
            VersionPolicy = HttpVersionPolicy.RequestVersionOrLower,
            ActivityTimeout = source.RequestTimeout,
        };
    }
}
