using System.Net;
using System.Net.Sockets;
using System.Text;
using Gateway.Platform;
using Gateway.Proxying.Services;
using Yarp.ReverseProxy.Configuration;
using Yarp.ReverseProxy.Forwarder;

namespace Gateway.Proxying.Services;

/// <summary>How the gateway connects to a service; a cluster's <c>HttpClient</c> section is applied on top by YARP.</summary>
internal sealed class ServiceHttpClientFactory(TimeProvider time, ServiceDialer dialer, Http11Client client) : ForwarderHttpClientFactory
{
    protected override void ConfigureHandler(ForwarderHttpClientContext context, SocketsHttpHandler handler)
    {
        handler.ConnectTimeout = Http11Client.ConnectTimeout;
        // Without a bound a changed DNS record would never be seen.
        handler.PooledConnectionLifetime = TimeSpan.FromMinutes(5);
        // Headers are bytes: Latin-1 passes every one of them through as it came, on both legs.
        handler.RequestHeaderEncodingSelector = static (_, _) => Encoding.Latin1;
        handler.ResponseHeaderEncodingSelector = static (_, _) => Encoding.Latin1;
        handler.MaxResponseHeadersLength = 64;
        handler.ConnectCallback = ConnectAsync;
        handler.PlaintextStreamFilter = Observe;
        base.ConfigureHandler(context, handler);
    }

    /// <summary>Beside the pool a second way, which makes a connection for each request: for what must not meet a closed one again.</summary>
    protected override HttpMessageHandler WrapHandler(ForwarderHttpClientContext context, HttpMessageHandler handler)
    {
        var single = new SocketsHttpHandler { UseProxy = false, AllowAutoRedirect = false, AutomaticDecompression = DecompressionMethods.None, UseCookies = false };
        ConfigureHandler(context, single);
        single.PooledConnectionLifetime = TimeSpan.Zero;
        var others = new FreshConnectionHandler(base.WrapHandler(context, handler), base.WrapHandler(context, single));
        // What a cluster's HttpClient section says is said to SocketsHttpHandler.
        return context.NewConfig == HttpClientConfig.Empty ? new Http11Handler(client, others) : others;
    }

    private async ValueTask<Stream> ConnectAsync(SocketsHttpConnectionContext context, CancellationToken cancellationToken)
    {
        var socket = await dialer.ConnectAsync(context.DnsEndPoint, cancellationToken);
        return new NetworkStream(socket, ownsSocket: true);
    }

    private ValueTask<Stream> Observe(SocketsHttpPlaintextStreamFilterContext context, CancellationToken cancellationToken) => ValueTask.FromResult(
        context.NegotiatedHttpVersion.Major == 1
            ? new ServiceConnection(context.PlaintextStream, (context.PlaintextStream as NetworkStream)?.Socket, time)
            : context.PlaintextStream);
}
