using System.Net;
using Gateway.Configuration;
using Gateway.Platform;
using Microsoft.AspNetCore.Connections.Features;

namespace Gateway.Boundary.Limits;

/// <summary>
/// An HTTP/2 connection earns its concurrent requests, as TCP earns its window: sixteen at first, one more for each that ended well. The
/// others wait, a second at most. A browser notices nothing; who opens all he can and is thrown out for it costs sixteen requests'
/// buffers and not a hundred's.
/// </summary>
internal sealed class SlowStart
{
    private const int AtFirst = 16;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan News = TimeSpan.FromMilliseconds(2);

    private readonly RequestDelegate _next;
    private readonly AbortedRequests _aborted;
    private readonly TimeProvider _time;
    private readonly Func<HttpContext, EarnedRequests> _begin;

    public SlowStart(RequestDelegate next, CurrentConfiguration configuration, AbortedRequests aborted, TimeProvider time)
    {
        (_next, _aborted, _time) = (next, aborted, time);
        // A proxy brings the requests of many clients.
        _begin = context => new EarnedRequests(PeerOf(context) is { } peer && configuration.Value.Gateway.TrustedProxies.Covers(peer) ? int.MaxValue : AtFirst);
    }

    public Task InvokeAsync(HttpContext context) =>
        HttpProtocol.IsHttp2(context.Request.Protocol) && ConnectionState.Of(context, _begin) is { } requests
            ? ServeAsync(context, requests)
            : _next(context);

    private static IPAddress? PeerOf(HttpContext context) => (context.Features.Find<IConnectionEndPointFeature>()?.RemoteEndPoint as IPEndPoint)?.Address;

    private async Task ServeAsync(HttpContext context, EarnedRequests requests)
    {
        var isServed = requests.TryEnter();
        try
        {
            if (!isServed)
            {
                isServed = await requests.WaitAsync(Patience, _time, context.RequestAborted);
                // When a connection ends, its requests end one by one, as if they had been answered, and hear of it only then.
                await Task.Delay(News, _time, context.RequestAborted).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }

            if (isServed && !context.RequestAborted.IsCancellationRequested)
            {
                await _next(context);
            }
        }
        finally
        {
            if (isServed)
            {
                requests.Leave(hasEndedWell: !context.RequestAborted.IsCancellationRequested);
            }

            _aborted.Note(context);
        }
    }
}
