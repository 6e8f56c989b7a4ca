using System.Net.Sockets;
using Gateway.Platform;
using Gateway.Platform.Sockets;
using Gateway.Proxying.Services;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core.Features;
using Yarp.ReverseProxy.Forwarder;
using Yarp.ReverseProxy.Model;

namespace Gateway.Proxying;

/// <summary>
/// One WebSocket from its handshake to its end, over HTTP/1.1 (RFC 6455) or HTTP/2 (RFC 8441). It stands between the server and
/// YARP as the upgrade feature, so that it gets the client's stream when, and only when, the service has accepted.
/// </summary>
internal sealed class WebSocketTunnel : IHttpUpgradeFeature, IHttpExtendedConnectFeature, IDisposable
{
    // A client that has gone is told to the service at once. One that has sent its close frame leaves the service this long to
    // answer and to close the connection itself (RFC 6455 section 7.1.1).
    private static readonly TimeSpan CloseHandshakeTime = TimeSpan.FromSeconds(10);

    // To hear the client's answer once the service has gone: the last call of a drain has no more before the process ends.
    private static readonly TimeSpan AnswerTime = TimeSpan.FromSeconds(0.6);

    private readonly HttpContext _context;
    private readonly IHttpUpgradeFeature? _upgrade;
    private readonly IHttpExtendedConnectFeature? _connect;
    private readonly OpenWebSockets _sockets;
    private readonly TimeProvider _time;
    private readonly CallLimit _limit;
    private readonly TaskCompletionSource<WebSocketClient> _opened = new(TaskCreationOptions.RunContinuationsAsynchronously);
    // Only until it is called.
    private Action<WebSocketTunnel, HttpContext>? _onOpened;
    private Stream? _service;
    // The client's, unless somebody stands between.
    private PolledSocket? _socket;
    private WebSocketPeer _closedFirst;
    private int? _ownCloseCode;

    private WebSocketTunnel(
        HttpContext context,
        IHttpUpgradeFeature? upgrade,
        IHttpExtendedConnectFeature? connect,
        OpenWebSockets sockets,
        TimeProvider time,
        Action<WebSocketTunnel, HttpContext> onOpened) =>
        (_context, _upgrade, _connect, _sockets, _time, _limit, _onOpened, Silence) =
        (context, upgrade, connect, sockets, time, new CallLimit(time), onOpened, new CallSilence(time));

    /// <summary>The service has accepted.</summary>
    public bool IsOpened => _opened.Task.IsCompletedSuccessfully;

    /// <summary>The route that was taken.</summary>
    public string? RouteId { get; private set; }

    /// <summary>The client's connection, which over HTTP/2 may carry several.</summary>
    public string ConnectionId => _context.Connection.Id;

    /// <summary>The address of the destination that was chosen.</summary>
    public string? Destination { get; private set; }

    /// <summary>What the client has sent.</summary>
    public WebSocketFrames FromClient { get; } = new();

    /// <summary>What the service has sent.</summary>
    public WebSocketFrames FromService { get; } = new();

    /// <summary>How long neither side has sent anything.</summary>
    public CallSilence Silence { get; }

    /// <summary>The service's answer to the handshake.</summary>
    internal HttpResponseMessage? Answer { get; set; }

    /// <summary>The client's side, when the service has accepted.</summary>
    internal Task<WebSocketClient> Opened => _opened.Task;

    /// <summary>Ends the tunnel where it would wait for ever.</summary>
    public CancellationToken Cancellation => _limit.Token;

    /// <summary>Who began to close, by close frame or else by ending its connection; the gateway itself at the idle timeout
    /// and when it is stopped.</summary>
    public WebSocketPeer ClosedBy => _closedFirst;

    /// <summary>The code of the first close frame; null when that frame has none or there was no frame.</summary>
    public int? CloseCode => _closedFirst switch
    {
        WebSocketPeer.Client => FromClient.CloseCode,
        WebSocketPeer.Service => FromService.CloseCode,
        _ => _ownCloseCode,
    };

    /// <returns>The request's; null where it opens no WebSocket, which most need not be asked for.</returns>
    public static WebSocketTunnel? Of(HttpContext context) =>
        context.Request.Headers.Upgrade.Count > 0 || HttpMethods.IsConnect(context.Request.Method) ? context.Features.Find<WebSocketTunnel>() : null;

    /// <summary>Takes over the request's upgrade if it is the handshake of a WebSocket; null if it is not.</summary>
    /// <param name="context">The request.</param>
    /// <param name="sockets">Where the WebSocket is listed while it is open.</param>
    /// <param name="time">Clock of the close handshake.</param>
    /// <param name="onOpened">Called once, when the service has accepted and the client has been told.</param>
    public static WebSocketTunnel? TryAttach(
        HttpContext context, OpenWebSockets sockets, TimeProvider time, Action<WebSocketTunnel, HttpContext> onOpened)
    {
        var (request, features) = (context.Request, context.Features);
        if (HttpMethods.IsConnect(request.Method)
            && features.Find<IHttpExtendedConnectFeature>() is { IsExtendedConnect: true } connect
            && WebSocketHandshake.IsAskedForBy(request, connect))
        {
            var tunnel = new WebSocketTunnel(context, null, connect, sockets, time, onOpened);
            features.Set<IHttpExtendedConnectFeature>(tunnel);
            features.Set(tunnel);
            return tunnel;
        }

        if (WebSocketHandshake.IsAskedForBy(request) && features.Find<IHttpUpgradeFeature>() is { IsUpgradableRequest: true } upgrade)
        {
            var tunnel = new WebSocketTunnel(context, upgrade, null, sockets, time, onOpened);
            features.Set<IHttpUpgradeFeature>(tunnel);
            features.Set(tunnel);
            return tunnel;
        }

        return null;
    }

    /// <summary>Ends the call from the gateway's side: a close frame to both, then ten seconds at most for their answers.</summary>
    /// <param name="code">1000 to 4999.</param>
    /// <param name="reason">At most 123 bytes of UTF-8.</param>
    /// <param name="cancellationToken">Ends the attempt.</param>
    public async Task CloseAsync(int code, string reason, CancellationToken cancellationToken)
    {
        try
        {
            // The client may have heard that it is connected a moment before the stream is there.
            var client = await Opened.WaitAsync(cancellationToken);
            if (Interlocked.CompareExchange(ref _closedFirst, WebSocketPeer.Gateway, WebSocketPeer.None) != WebSocketPeer.None)
            {
                return;
            }

            _ownCloseCode = code;
            _limit.EndAfter(CloseHandshakeTime);
            await client.CloseAsync(code, reason, cancellationToken);
        }
        catch (Exception exception) when (exception is IOException or SocketException or ObjectDisposedException or OperationCanceledException)
        {
            // It ended meanwhile.
        }
    }

    /// <summary>Gives the request back as an ordinary one.</summary>
    public void Detach()
    {
        _context.Features.Set<WebSocketTunnel>(null);
        if (_upgrade is not null)
        {
            _context.Features.Set(_upgrade);
        }
        else
        {
            _context.Features.Set(_connect);
        }
    }

    public void Dispose()
    {
        _sockets.Remove(this);
        _socket?.TellEnd(null);
        _opened.TrySetCanceled();
        _service?.Dispose();
        _limit.Dispose();
    }

    bool IHttpUpgradeFeature.IsUpgradableRequest => true;

    bool IHttpExtendedConnectFeature.IsExtendedConnect => true;

    string IHttpExtendedConnectFeature.Protocol => "websocket";

    async Task<Stream> IHttpUpgradeFeature.UpgradeAsync()
    {
        List();
        // What it carries is passed on, and that is all.
        _context.Features.Find<IEventLoopFeature>()?.MostBytes = int.MaxValue;
        var upgraded = await _upgrade!.UpgradeAsync();
        if (_context.Features.Find<IRawConnectionFeature>() is not { } connection || await connection.TakeAsync() is not { } raw)
        {
            return await OpenAsync(new StreamEnd(upgraded, holdsBack: false));
        }

        var ended = await OpenAsync(new SocketEnd(raw, upgraded));
        _socket = raw.Socket;
        _socket.TellEnd(OnClientLeaving);
        return ended;
    }

    async ValueTask<Stream> IHttpExtendedConnectFeature.AcceptAsync()
    {
        // Kestrel treats the frames of an extended CONNECT as a request body: a call would end at the size limit for uploads, and a
        // silent one at the minimum data rate.
        if (_context.Features.Find<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } size)
        {
            size.MaxRequestBodySize = null;
        }

        if (_context.Features.Find<IHttpMinRequestBodyDataRateFeature>() is { } rate)
        {
            rate.MinDataRate = null;
        }

        List();
        return await OpenAsync(new StreamEnd(await _connect!.AcceptAsync(), holdsBack: false));
    }

    /// <summary>Gives the service this long to accept or refuse.</summary>
    internal void LimitHandshake(TimeSpan limit) => _limit.EndAfter(limit);

    // Before the client hears that it is connected: a drain that begins in that moment must find it.
    private void List()
    {
        // Noted now: after a reload YARP's own state says where the route leads by then.
        var proxy = _context.Features.Find<IReverseProxyFeature>();
        RouteId = proxy?.Route.Config.RouteId;
        Destination = proxy?.ProxiedDestination?.Model.Config.Address;
        _sockets.Add(this);
    }

    // To YARP it looks as if both sides had ended.
    private async Task<Stream> OpenAsync(ITunnelEnd client)
    {
        if (Answer is { } answer)
        {
            _service = await answer.Content.ReadAsStreamAsync(Cancellation);
            answer.Content = new StreamContent(Stream.Null);
            Answer = null;
        }

        _limit.EndAfter(null);
        var opened = new WebSocketClient(client, this);
        Silence.Begin();
        _onOpened?.Invoke(this, _context);
        _onOpened = null;
        ForgetHandshake();
        _opened.SetResult(opened);
        return Stream.Null;
    }

    // A call may last for hours: nobody needs its cookies and tokens in memory for so long. The access log names the rest.
    private void ForgetHandshake()
    {
        var headers = _context.Request.Headers;
        var (host, agent, referrer) = (headers.Host, headers.UserAgent, headers.Referer);
        headers.Clear();
        (headers.Host, headers.UserAgent, headers.Referer) = (host, agent, referrer);
    }

    internal void OnReceived(ReadOnlySpan<byte> bytes)
    {
        NoteActivity(bytes);
        FromClient.Observe(bytes);
        NoteClose(FromClient, WebSocketPeer.Client);
    }

    internal void OnSending(ReadOnlySpan<byte> bytes)
    {
        NoteActivity(bytes);
        FromService.Observe(bytes);
        NoteClose(FromService, WebSocketPeer.Service);
    }

    /// <summary>The client's connection has ended, cleanly or not.</summary>
    internal void OnClientEnded()
    {
        NoteEnd(WebSocketPeer.Client);
        if (FromClient.Closed)
        {
            _limit.EndAfter(CloseHandshakeTime);
        }
        else if (_closedFirst != WebSocketPeer.Gateway)
        {
            _limit.End();
        }
    }

    // What it has sent is not read while the service takes nothing: that must not hold the call for ever.
    private void OnClientLeaving()
    {
        if (!_limit.IsSet)
        {
            _limit.EndAfter(CloseHandshakeTime);
        }
    }

    /// <summary>Carries what the two sides send from the moment that the service has accepted until one of them ends.</summary>
    /// <param name="idleTimeout">Ends it when for so long neither side sends; null: never.</param>
    /// <returns>How it ended, in YARP's terms.</returns>
    internal async Task<ForwarderError> CarryAsync(TimeSpan? idleTimeout)
    {
        var client = await Opened;
        ITunnelEnd service = _service is SwitchedConnection switched ? new SocketEnd(switched.Take(), switched) : new StreamEnd(_service!, holdsBack: true);
        using var relay = new WebSocketRelay(this, client, service, _time, idleTimeout, _context.RequestAborted);
        var (request, response) = relay.Begin();
        await request;
        await response;
        await EventLoop.LeaveAsync();
        var error = relay.Error;
        if (error != ForwarderError.None)
        {
            // Also counted against the service's health, where it broke off.
            _context.Features.Set<IForwarderErrorFeature>(relay);
        }

        await service.DisposeAsync();
        await client.DisposeAsync();
        await EndAsync(error);
        return error;
    }

    /// <summary>The relay has ended; what is left is the client's side.</summary>
    /// <param name="error">How it ended.</param>
    internal async Task EndAsync(ForwarderError error)
    {
        NoteEnd(error switch
        {
            ForwarderError.UpgradeActivityTimeout => WebSocketPeer.Gateway,
            ForwarderError.UpgradeRequestClient or ForwarderError.UpgradeResponseClient
                or ForwarderError.UpgradeRequestCanceled or ForwarderError.UpgradeResponseCanceled => WebSocketPeer.Client,
            _ => WebSocketPeer.Service,
        });
        _limit.EndAfter(AnswerTime);
        await (await Opened).EndAsync();
    }

    private void NoteActivity(ReadOnlySpan<byte> bytes)
    {
        if (!bytes.IsEmpty)
        {
            Silence.Break();
        }
    }

    private void NoteClose(WebSocketFrames frames, WebSocketPeer peer)
    {
        if (frames.Closed)
        {
            NoteEnd(peer);
        }
    }

    // Both directions run at once: the first one counts.
    private void NoteEnd(WebSocketPeer peer) => Interlocked.CompareExchange(ref _closedFirst, peer, WebSocketPeer.None);
}
