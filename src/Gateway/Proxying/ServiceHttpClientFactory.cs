using System.Text;
using Yarp.ReverseProxy.Forwarder;

namespace Gateway.Proxying;

/// <summary>How the gateway connects to a service; a cluster's <c>HttpClient</c> section is applied on top by YARP.</summary>
internal sealed class ServiceHttpClientFactory : ForwarderHttpClientFactory
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
        base.ConfigureHandler(context, handler);
    }
}
