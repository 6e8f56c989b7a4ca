using System.Net;
using Gateway.Platform.Sockets;

namespace Gateway.Proxying.Services;

/// <summary>Connections for HTTP/1.1 without TLS: what most services speak.</summary>
/// <param name="dialer">Opens them.</param>
/// <param name="pool">Keeps them.</param>
/// <param name="time">Clock of the time to connect and of the wait for 100 (Continue).</param>
internal sealed class Http11Client(ServiceDialer dialer, Http11Pool pool, TimeProvider time)
{
    /// <summary>A black-holed service is reported while the person still looks at the page.</summary>
    public static readonly TimeSpan ConnectTimeout = TimeSpan.FromSeconds(10);

    /// <summary>Those to a service that wait for their next request.</summary>
    public KeptConnections At(Http11Service service) => pool.At(service);

    /// <summary>A connection for one request and its answer.</summary>
    /// <param name="kept">Of its service.</param>
    /// <param name="isFresh">One that has never been used.</param>
    /// <param name="cancellationToken">Gives up connecting.</param>
    /// <exception cref="System.Net.Sockets.SocketException">There is none.</exception>
    /// <exception cref="OperationCanceledException">There was none in <see cref="ConnectTimeout"/>: then with a <see cref="TimeoutException"/> within.</exception>
    public ValueTask<Http11Connection> TakeAsync(KeptConnections kept, bool isFresh, CancellationToken cancellationToken) =>
        !isFresh && pool.TryTake(kept) is { } connection ? ValueTask.FromResult(connection) : ConnectAsync(kept, cancellationToken);

    private async ValueTask<Http11Connection> ConnectAsync(KeptConnections kept, CancellationToken cancellationToken)
    {
        using var limit = new CancellationTokenSource(ConnectTimeout, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        PolledSocket socket;
        try
        {
            socket = await dialer.ConnectPolledAsync(new DnsEndPoint(kept.Service.Host, kept.Service.Port), either.Token);
        }
        catch (OperationCanceledException exception) when (!cancellationToken.IsCancellationRequested)
        {
            // In the words of SocketsHttpHandler, by which ServiceFailure knows it.
            throw new TaskCanceledException("No connection.", new TimeoutException($"ConnectTimeout: no answer within {ConnectTimeout}", exception));
        }

        return new Http11Connection(socket, pool, kept, time);
    }
}

/// <summary>Whom connections are kept for.</summary>
/// <param name="Host">A name or an address, IPv6 without brackets.</param>
/// <param name="Port">1 to 65535.</param>
internal readonly record struct Http11Service(string Host, int Port)
{
    /// <summary>The one at a service's address, which is in plain HTTP.</summary>
    public static Http11Service At(Uri address) => new(address.IdnHost, address.Port);
}
