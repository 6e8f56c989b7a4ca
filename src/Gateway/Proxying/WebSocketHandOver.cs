using Yarp.ReverseProxy.Forwarder;

namespace Gateway.Proxying;

/// <summary>The route's own transforms, and the service's answer for the tunnel, which takes the service's side from it when YARP opens it.</summary>
internal sealed class WebSocketHandOver(HttpTransformer transformer, WebSocketTunnel tunnel) : HttpTransformer
{
    public override ValueTask TransformRequestAsync(HttpContext context, HttpRequestMessage request, string destinationPrefix, CancellationToken cancellationToken) =>
        transformer.TransformRequestAsync(context, request, destinationPrefix, cancellationToken);

    public override ValueTask<bool> TransformResponseAsync(HttpContext context, HttpResponseMessage? response, CancellationToken cancellationToken)
    {
        tunnel.Answer = response;
        return transformer.TransformResponseAsync(context, response, cancellationToken);
    }

    public override ValueTask TransformResponseTrailersAsync(HttpContext context, HttpResponseMessage response, CancellationToken cancellationToken) =>
        transformer.TransformResponseTrailersAsync(context, response, cancellationToken);
}
