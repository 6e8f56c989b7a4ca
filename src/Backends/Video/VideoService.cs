using System.Net.WebSockets;

namespace Backends.Video;

/// <summary>The video service: real-time calls over a WebSocket.</summary>
internal sealed class VideoService
{
    private const int MostSessions = 100;

    private readonly AnswerVoice _voice;
    private readonly TimeProvider _time;
    private int _sessions;
    private long _lastId;

    private VideoService(AnswerVoice voice, TimeProvider time)
    {
        _voice = voice;
        _time = time;
    }

    /// <param name="port">On 127.0.0.1; 0 takes a free one.</param>
    /// <param name="voice">What speaks the answers.</param>
    /// <param name="time">The clock of session ids and of idle calls.</param>
    public static WebApplication Build(int port, AnswerVoice voice, TimeProvider time)
    {
        var service = new VideoService(voice, time);
        var app = LoopbackHost.CreateBuilder(port, maxRequestBodySize: 0).Build();
        // No pings, like the services that this one stands in for: a proxy must keep a silent call open by itself.
        app.UseWebSockets(new WebSocketOptions { KeepAliveInterval = Timeout.InfiniteTimeSpan });
        app.MapGet("/health", service.Health);
        app.MapGet("/ws/video", context => service.CallAsync(context, app.Lifetime.ApplicationStopping));
        return app;
    }

    private IResult Health() => Results.Json(new
    {
        status = "ok",
        service = "sample video service",
        active_sessions = Volatile.Read(ref _sessions),
        mode = "realtime_stream",
    });

    private async Task CallAsync(HttpContext context, CancellationToken stopping)
    {
        if (!context.WebSockets.IsWebSocketRequest)
        {
            context.Response.Headers.Upgrade = "websocket";
            await Results.Json(new { error = "this address speaks WebSocket" }, statusCode: 426).ExecuteAsync(context);
            return;
        }
        try
        {
            if (Interlocked.Increment(ref _sessions) > MostSessions)
            {
                await Results.Json(new { error = $"{MostSessions} calls are going on; try again later" }, statusCode: 503).ExecuteAsync(context);
                return;
            }
            using var socket = await context.WebSockets.AcceptWebSocketAsync();
            var chinese = context.Request.Query["lang"].ToString().StartsWith("zh", StringComparison.OrdinalIgnoreCase);
            await new VideoSession(NextId(), new MessageSocket(socket), _voice, _time, chinese).RunAsync(stopping);
        }
        finally
        {
            Interlocked.Decrement(ref _sessions);
        }
    }

    // Two calls that begin in the same millisecond still get ids of their own.
    private string NextId()
    {
        var now = _time.GetUtcNow().ToUnixTimeMilliseconds();
        while (true)
        {
            var last = Volatile.Read(ref _lastId);
            var next = Math.Max(now, last + 1);
            if (Interlocked.CompareExchange(ref _lastId, next, last) == last)
            {
                return $"ws_{next}";
            }
        }
    }
}
