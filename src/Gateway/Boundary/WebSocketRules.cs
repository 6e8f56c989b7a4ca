using System.Collections.Concurrent;
using Gateway.Boundary.Limits;
using Gateway.Configuration;
using Gateway.Platform;
using Gateway.Proxying;
using Microsoft.AspNetCore.Http.Features;
using Yarp.ReverseProxy.Model;

namespace Gateway.Boundary;

/// <summary>
/// Lets a WebSocket through where its route allows them and its page is one of ours; stands behind routing. Every other upgrade is
/// dropped, and the request goes on as an ordinary one (RFC 9110 section 7.8 lets a server ignore it).
/// </summary>
internal sealed partial class WebSocketRules(RequestDelegate next, CurrentConfiguration configuration, WebSocketLimits limits, ILogger<WebSocketRules> logger)
{
    // Said once for each route: the operator has to see it, and whoever tries it again and again shall not fill the log.
    private readonly ConcurrentDictionary<string, byte> _told = new();

    public Task InvokeAsync(HttpContext context)
    {
        var tunnel = WebSocketTunnel.Of(context);
        if (tunnel is null)
        {
            return IsExtendedConnect(context) ? Refuse(context, StatusCodes.Status501NotImplemented, "Only the protocol websocket, version 13, is supported.") : Ordinary(context);
        }

        var route = context.GetEndpoint()?.Metadata.GetMetadata<RouteModel>()?.Config;
        if (route is not null && !RouteMetadata.AllowsWebSockets(route))
        {
            if (_told.TryAdd(route.RouteId, 0))
            {
                LogNotAllowed(logger, route.RouteId, context.Request.Path);
            }

            tunnel.Detach();
            return IsExtendedConnect(context) ? Refuse(context, StatusCodes.Status403Forbidden, null) : Ordinary(context);
        }

        if (!OriginRule.Allows(context.Request, configuration.Value.Gateway.AllowedOrigins))
        {
            LogForeignOrigin(logger, context.Request.Headers.Origin.ToString(), context.Request.Host, context.Request.Path);
            return Refuse(context, StatusCodes.Status403Forbidden, "WebSockets are not open to pages of this origin.", "Gateway:WebSockets:AllowedOrigins");
        }

        return limits.TryEnter(context.Connection.RemoteIpAddress)
            ? HoldAsync(context)
            : Refuse(context, StatusCodes.Status503ServiceUnavailable, "Too many WebSockets are open.");
    }

    private async Task HoldAsync(HttpContext context)
    {
        var client = context.Connection.RemoteIpAddress;
        var connection = context.Features.Find<ReadingClient>();
        connection?.CountCalls(1);
        try
        {
            await next(context);
        }
        finally
        {
            connection?.CountCalls(-1);
            limits.Leave(client);
        }
    }

    private Task Ordinary(HttpContext context)
    {
        var headers = context.Request.Headers;
        if (headers.Connection.Count + headers.Upgrade.Count > 0)
        {
            // YARP tunnels whatever the server could upgrade.
            context.Features.Set<IHttpUpgradeFeature>(null);
            headers.Remove("Upgrade");
        }

        return next(context);
    }

    private static bool IsExtendedConnect(HttpContext context) =>
        HttpMethods.IsConnect(context.Request.Method) && context.Features.Find<IHttpExtendedConnectFeature>() is { IsExtendedConnect: true };

    private static Task Refuse(HttpContext context, int statusCode, string? explanation, string? setting = null)
    {
        Refusal.Set(context, statusCode, explanation, setting: setting);
        return Task.CompletedTask;
    }

    [LoggerMessage(EventId = 1, Level = LogLevel.Warning,
        Message = "A WebSocket was asked for at route {Route} ({Path}), which does not allow them. If it should, set ReverseProxy:Routes:{Route}:Metadata:WebSockets to true")]
    private static partial void LogNotAllowed(ILogger logger, string route, PathString path);

    [LoggerMessage(EventId = 2, Level = LogLevel.Warning,
        Message = "Refused a WebSocket that a page of {Origin} asked for at {Host}{Path}. If that page is yours, add its origin to Gateway:WebSockets:AllowedOrigins")]
    private static partial void LogForeignOrigin(ILogger logger, string origin, HostString host, PathString path);
}
