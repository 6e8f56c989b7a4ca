using System.Diagnostics;
using System.Net;

namespace Gateway.Proxying.Services;

/// <summary>
/// Sends what YARP forwards in HTTP/1.1 without TLS: a silent WebSocket keeps no buffers. All else goes to <see cref="SocketsHttpHandler"/>: TLS,
/// HTTP/2, and traced requests, whose spans and metrics it makes.
/// </summary>
/// <param name="client">Has the connections.</param>
/// <param name="others">For all other requests.</param>
internal sealed class Http11Handler(Http11Client client, HttpMessageHandler others) : DelegatingHandler(others)
{
    protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken) =>
        request.RequestUri is { } uri && uri.Scheme == Uri.UriSchemeHttp && request.Version == HttpVersion.Version11 && Activity.Current is null
            ? SendAsync(request, client.At(Http11Service.At(uri)), cancellationToken)
            : base.SendAsync(request, cancellationToken);

    private async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, KeptConnections kept, CancellationToken cancellationToken)
    {
        var connection = await client.TakeAsync(kept, FreshConnectionHandler.IsRequired(request), cancellationToken);
        return await connection.SendAsync(request, cancellationToken);
    }
}
