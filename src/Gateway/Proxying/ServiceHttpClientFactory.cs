using System.Net;
using System.Net.Sockets;
using System.Text;
using Gateway.Platform;
using Yarp.ReverseProxy.Forwarder;

namespace Gateway.Proxying;

/// <summary>How the gateway connects to a service; a cluster's <c>HttpClient</c> section is applied on top by YARP.</summary>
internal sealed class ServiceHttpClientFactory(TimeProvider time, DescriptorAlarm descriptors) : ForwarderHttpClientFactory
{
    protected override void ConfigureHandler(ForwarderHttpClientContext context, SocketsHttpHandler handler)
    {
        // A black-holed service is reported while the person still looks at the page.
        handler.ConnectTimeout = TimeSpan.FromSeconds(10);
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
        return new FreshConnectionHandler(base.WrapHandler(context, handler), base.WrapHandler(context, single));
    }

    // As SocketsHttpHandler does by itself, but for the last descriptors.
    private async ValueTask<Stream> ConnectAsync(SocketsHttpConnectionContext context, CancellationToken cancellationToken)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            descriptors.ThrowIfKept(socket);
            await socket.ConnectAsync(context.DnsEndPoint, cancellationToken);
            if (EventLoop.IsCurrent)
            {
                await Task.Yield();
            }

            // What is plain HTTP/1.1, ServiceConnection sends to the pool itself, all but WebSockets.
            var request = context.InitialRequestMessage;
            return request.RequestUri?.Scheme == Uri.UriSchemeHttp && request.Version.Major == 1
                ? new NetworkStream(socket, ownsSocket: true)
                : new PooledSocketStream(socket);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    private ValueTask<Stream> Observe(SocketsHttpPlaintextStreamFilterContext context, CancellationToken cancellationToken) => ValueTask.FromResult(
        context.NegotiatedHttpVersion.Major == 1
            ? new ServiceConnection(context.PlaintextStream, (context.PlaintextStream as NetworkStream)?.Socket, time)
            : context.PlaintextStream);
}
