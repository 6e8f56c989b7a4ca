using Gateway.Boundary.Access;
using Gateway.Configuration;
using Gateway.Platform;
using Gateway.Proxying;
using Microsoft.AspNetCore.Http.Features;
using Yarp.ReverseProxy.Model;

namespace Gateway.Observability;

/// <summary>One record a request; for a WebSocket one when it opens and one when it closes. Never a query string: tokens live there.
/// With <c>Gateway:AccessLog</c> requests are lines of that file instead, a WebSocket at its end.</summary>
internal sealed partial class AccessLog(
    RequestDelegate next, OpenWebSockets sockets, Traffic traffic, CurrentConfiguration configuration, AccessFile file, IRequestLog requests, TimeProvider time,
    ILogger<AccessLog> logger)
{
    // What nginx logs for a client that left before its answer began; no such status is ever sent.
    private const int ClientClosedRequest = 499;

    private Action<WebSocketTunnel, HttpContext>? _onOpened;

    public async Task InvokeAsync(HttpContext context)
    {
        var started = time.GetTimestamp();
        traffic.Begin();
        var body = CountedResponseBody.Attach(context);
        using var tunnel = WebSocketTunnel.TryAttach(context, sockets, time, _onOpened ??= LogOpened);
        try
        {
            await next(context);
        }
        finally
        {
            var duration = time.GetElapsedTime(started);
            traffic.End();
            if (tunnel is { IsOpened: true })
            {
                LogClosed(context, tunnel, duration);
                traffic.Close(tunnel);
                if (configuration.Value.Gateway.AccessLog is { } options)
                {
                    file.Add(Record(context, context.Response.StatusCode, tunnel.FromService.Bytes, duration, tunnel.RouteId, tunnel.Destination, options), options);
                }
            }
            else
            {
                var proxy = context.Features.Find<IReverseProxyFeature>();
                var status = Status(context);
                traffic.Of(proxy?.Route.Config.RouteId).Count(status, duration, LimitedRequestBody.BytesRead(context), body.BytesWritten);
                var (route, destination) = (proxy?.Route.Config.RouteId, proxy?.ProxiedDestination?.Model.Config.Address);
                if (configuration.Value.Gateway.AccessLog is { } options)
                {
                    file.Add(Record(context, status, body.BytesWritten, duration, route, destination, options), options);
                }
                else
                {
                    requests.Write(Record(context, status, body.BytesWritten, duration, route, destination, null));
                }
            }
        }
    }

    /// <param name="file">Null where the record does not go to a file: who was let in, the referrer and the browser stand only there.</param>
    private AccessRecord Record(
        HttpContext context, int status, long bytes, TimeSpan duration, string? route, string? destination, AccessLogOptions? file)
    {
        var request = context.Request;
        // Without the query: what access policies take out of the target stands there. The client and the host are those that ForwardedHeaders has learnt.
        var record = new AccessRecord(
            file is null ? time.GetUtcNow() : time.GetLocalNow(), Client(context), null, request.Method, request.Host.Value ?? "", RequestTarget.PathOf(context), request.Protocol, status, bytes,
            duration, null, null, route, destination,
            // The server makes it when it is first asked for.
            file?.Format == AccessLogFormat.Combined ? "" : context.TraceIdentifier);
        return file is null ? record : record with
        {
            User = context.Features.Find<Admission>()?.User,
            Referrer = AccessRecord.WithoutSecrets(request.Headers.Referer.ToString()),
            UserAgent = request.Headers.UserAgent.ToString(),
        };
    }

    private void LogOpened(WebSocketTunnel tunnel, HttpContext context)
    {
        traffic.Open(tunnel, context, Client(context) ?? AccessRecord.None);
        LogWebSocketOpened(
            logger, Client(context), context.Request.Host, context.Request.Path, tunnel.RouteId ?? AccessRecord.None, tunnel.Destination ?? AccessRecord.None,
            context.Request.Protocol, context.TraceIdentifier);
    }

    private void LogClosed(HttpContext context, WebSocketTunnel tunnel, TimeSpan duration) => LogWebSocketClosed(
        logger, Client(context), context.Request.Host, context.Request.Path, tunnel.ClosedBy, tunnel.CloseCode, Milliseconds(duration),
        tunnel.FromClient.Bytes, tunnel.FromService.Bytes, tunnel.RouteId ?? AccessRecord.None, tunnel.Destination ?? AccessRecord.None,
        context.Request.Protocol, context.TraceIdentifier);

    private static int Status(HttpContext context) =>
        !context.Response.HasStarted && context.RequestAborted.IsCancellationRequested ? ClientClosedRequest : context.Response.StatusCode;

    private static string? Client(HttpContext context) =>
        context.Connection.RemoteIpAddress is { } address ? (address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address).ToString() : null;

    private static double Milliseconds(TimeSpan duration) => Math.Round(duration.TotalMilliseconds, 1);

    [LoggerMessage(EventId = 11, Level = LogLevel.Information,
        Message = "{Client} WebSocket opened {Host}{Path} {Route} {Destination} {Protocol} {RequestId}")]
    private static partial void LogWebSocketOpened(
        ILogger logger, string? client, HostString host, PathString path, string? route, string? destination, string protocol, string requestId);

    [LoggerMessage(EventId = 12, Level = LogLevel.Information,
        Message = "{Client} WebSocket closed {Host}{Path} by {ClosedBy} code {CloseCode} after {Duration} ms, "
            + "{BytesFromClient} B from the client, {BytesFromService} B from the service {Route} {Destination} {Protocol} {RequestId}")]
    private static partial void LogWebSocketClosed(
        ILogger logger, string? client, HostString host, PathString path, WebSocketPeer closedBy, int? closeCode, double duration,
        long bytesFromClient, long bytesFromService, string? route, string? destination, string protocol, string requestId);
}
