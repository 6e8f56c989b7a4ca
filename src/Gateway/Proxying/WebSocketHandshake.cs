using System.Buffers.Text;
using Microsoft.AspNetCore.Http.Features;

namespace Gateway.Proxying;

/// <summary>The client's opening handshake, over HTTP/1.1 (RFC 6455 section 4.2.1) or HTTP/2 (RFC 8441 section 5).</summary>
internal static class WebSocketHandshake
{
    private const int KeyBytes = 16;

    /// <summary>Whether the request is such a handshake in every point: a GET without a body, version 13, with a key.</summary>
    public static bool IsAskedForBy(HttpRequest request)
    {
        var headers = request.Headers;
        return HttpMethods.IsGet(request.Method)
            && headers.Upgrade is [{ } protocol] && protocol.Equals("websocket", StringComparison.OrdinalIgnoreCase)
            && HasVersion(request)
            && headers.SecWebSocketKey is [{ } key] && Base64.IsValid(key, out var bytes) && bytes == KeyBytes
            && headers.ContentLength is null or 0
            && headers.TransferEncoding.Count == 0;
    }

    /// <summary>The same over HTTP/2, where YARP makes a key for the service.</summary>
    public static bool IsAskedForBy(HttpRequest request, IHttpExtendedConnectFeature connect) =>
        string.Equals(connect.Protocol, "websocket", StringComparison.OrdinalIgnoreCase) && HasVersion(request);

    // The only one that there is.
    private static bool HasVersion(HttpRequest request) => request.Headers.SecWebSocketVersion is ["13"];
}
