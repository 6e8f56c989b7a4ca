using Gateway.Platform;
using Microsoft.AspNetCore.Http.Features;

namespace Gateway.Proxying;

/// <summary>Tells a client that left from a response that the gateway itself breaks off, because its service did: both cancel
/// <see cref="HttpContext.RequestAborted"/>.</summary>
internal sealed class RequestEnding : IHttpRequestLifetimeFeature, IHttpResetFeature
{
    private readonly IHttpRequestLifetimeFeature _lifetime;
    private readonly IHttpResetFeature? _reset;
    private bool _brokenOffHere;
    // Where something stands in its place that also ends by itself, as the route's Timeout does.
    private CancellationToken? _client;

    private RequestEnding(IHttpRequestLifetimeFeature lifetime, IHttpResetFeature? reset) => (_lifetime, _reset) = (lifetime, reset);

    public bool ClientLeft => !_brokenOffHere && IsClientGone;

    public CancellationToken RequestAborted
    {
        get => _lifetime.RequestAborted;
        set
        {
            _client ??= _lifetime.RequestAborted;
            _lifetime.RequestAborted = value;
        }
    }

    private bool IsClientGone => (_client ?? _lifetime.RequestAborted).IsCancellationRequested;

    public static RequestEnding Watch(HttpContext context)
    {
        // What is not there is looked for longest.
        var reset = HttpProtocol.IsHttp11(context.Request.Protocol) ? null : context.Features.Find<IHttpResetFeature>();
        var ending = new RequestEnding(context.Features.Find<IHttpRequestLifetimeFeature>()!, reset);
        context.Features.Set<IHttpRequestLifetimeFeature>(ending);
        if (reset is not null)
        {
            context.Features.Set<IHttpResetFeature>(ending);
        }

        return ending;
    }

    public void Abort()
    {
        NoteBreakingOff();
        _lifetime.Abort();
    }

    public void Reset(int errorCode)
    {
        NoteBreakingOff();
        _reset!.Reset(errorCode);
    }

    private void NoteBreakingOff() => _brokenOffHere |= !IsClientGone;
}
