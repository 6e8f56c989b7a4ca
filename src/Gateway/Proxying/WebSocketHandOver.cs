using System.Net;
using Yarp.ReverseProxy.Forwarder;

namespace Gateway.Proxying;

/// <summary>The route's own transforms, and then the service's side of an accepted WebSocket for the tunnel. To YARP it looks as if both sides had ended.</summary>
internal sealed class WebSocketHandOver(HttpTransformer transformer, WebSocketTunnel tunnel) : HttpTransformer
{
    public override ValueTask TransformRequestAsync(HttpContext context, HttpRequestMessage request, string destinationPrefix, CancellationToken cancellationToken) =>
        transformer.TransformRequestAsync(context, request, destinationPrefix, cancellationToken);

    public override async ValueTask<bool> TransformResponseAsync(HttpContext context, HttpResponseMessage? response, CancellationToken cancellationToken)
    {
        var isCopied = await transformer.TransformResponseAsync(context, response, cancellationToken);
        if (response is { StatusCode: HttpStatusCode.SwitchingProtocols })
        {
            tunnel.Lead(await response.Content.ReadAsStreamAsync(cancellationToken));
            response.Content = new StreamContent(Stream.Null);
        }

        return isCopied;
    }

    public override ValueTask TransformResponseTrailersAsync(HttpContext context, HttpResponseMessage response, CancellationToken cancellationToken) =>
        transformer.TransformResponseTrailersAsync(context, response, cancellationToken);
}
