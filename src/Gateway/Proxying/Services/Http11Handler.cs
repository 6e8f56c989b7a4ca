using System.Diagnostics;
using System.Net;
using Gateway.Platform.Sockets;

namespace Gateway.Proxying.Services;

/// <summary>
/// Sends HTTP/1.1 without TLS to services: what most of them speak. A small request costs a tenth less than with
/// <see cref="SocketsHttpHandler"/>, and a silent WebSocket keeps no buffers. All else goes there: TLS, HTTP/2, and traced requests, whose spans and metrics it makes.
/// </summary>
/// <param name="dialer">Opens connections.</param>
/// <param name="pool">Keeps them.</param>
/// <param name="time">Clock of the time to connect and of the wait for 100 (Continue).</param>
/// <param name="others">For all other requests.</param>
internal sealed class Http11Handler(ServiceDialer dialer, Http11Pool pool, TimeProvider time, HttpMessageHandler others) : DelegatingHandler(others)
{
    /// <summary>A black-holed service is reported while the person still looks at the page.</summary>
    public static readonly TimeSpan ConnectTimeout = TimeSpan.FromSeconds(10);

    protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken) =>
        request.RequestUri is { } uri && uri.Scheme == Uri.UriSchemeHttp && request.Version == HttpVersion.Version11 && Activity.Current is null
            ? SendAsync(request, new Http11Service(uri.IdnHost, uri.Port), cancellationToken)
            : base.SendAsync(request, cancellationToken);

    private async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, Http11Service service, CancellationToken cancellationToken)
    {
        var connection = FreshConnectionHandler.IsRequired(request) ? null : pool.TryTake(service);
        connection ??= new Http11Connection(await ConnectAsync(service, cancellationToken), pool, service, time);
        return await connection.SendAsync(request, cancellationToken);
    }

    private async ValueTask<PolledSocket> ConnectAsync(Http11Service service, CancellationToken cancellationToken)
    {
        using var limit = new CancellationTokenSource(ConnectTimeout, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        try
        {
            return await dialer.ConnectPolledAsync(new DnsEndPoint(service.Host, service.Port), either.Token);
        }
        catch (OperationCanceledException exception) when (!cancellationToken.IsCancellationRequested)
        {
            // In the words of SocketsHttpHandler, by which ServiceFailure knows it.
            throw new TaskCanceledException("No connection.", new TimeoutException($"ConnectTimeout: no answer within {ConnectTimeout}", exception));
        }
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            pool.Dispose();
        }

        base.Dispose(disposing);
    }
}

/// <summary>Whom connections are kept for.</summary>
/// <param name="Host">A name or an address, IPv6 without brackets.</param>
/// <param name="Port">1 to 65535.</param>
internal readonly record struct Http11Service(string Host, int Port);
