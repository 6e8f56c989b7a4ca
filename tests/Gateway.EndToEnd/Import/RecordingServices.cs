using System.Collections.Concurrent;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using Gateway.EndToEnd.Certificates;
using Gateway.EndToEnd.Proxying;
using Gateway.EndToEnd.Systemd;

namespace Gateway.EndToEnd.Import;

/// <summary>Services at all the ports that a configuration names, in a network of their own, and what the last request was.</summary>
internal sealed class RecordingServices : IAsyncDisposable
{
    // One that nginx or the gateway may be told to hide.
    private const string Headers = "X-Powered-By: recorder\r\n";

    private readonly CancellationTokenSource _stop = new();
    private readonly ConcurrentQueue<(int Port, RecordedRequest Request)> _requests = new();
    private readonly List<Socket> _listening = [];
    private readonly X509Certificate2 _certificate = Certificate();

    public RecordingServices(NetworkNamespace network, IEnumerable<(int Port, bool IsTls)> ports)
    {
        foreach (var (port, isTls) in ports)
        {
            var socket = network.Bind(new IPEndPoint(IPAddress.IPv6Any, port));
            socket.Listen();
            _listening.Add(socket);
            _ = AcceptAsync(socket, port, isTls);
        }
    }

    /// <summary>The request that has arrived since the last time, and at which port.</summary>
    public (int Port, RecordedRequest Request)? Take()
    {
        (int, RecordedRequest)? last = null;
        while (_requests.TryDequeue(out var request))
        {
            last = request;
        }

        return last;
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _listening.ForEach(socket => socket.Dispose());
        _certificate.Dispose();
        _stop.Dispose();
    }

    private static X509Certificate2 Certificate()
    {
        var pair = PemPair.Create();
        return X509Certificate2.CreateFromPem(pair.Certificate, pair.Key);
    }

    private async Task AcceptAsync(Socket listening, int port, bool isTls)
    {
        try
        {
            while (true)
            {
                _ = ServeAsync(await listening.AcceptAsync(_stop.Token), port, isTls);
            }
        }
        catch (Exception e) when (e is OperationCanceledException or SocketException or ObjectDisposedException)
        {
            // The test has ended.
        }
    }

    private async Task ServeAsync(Socket socket, int port, bool isTls)
    {
        try
        {
            await using var connection = new NetworkStream(socket, ownsSocket: true);
            await using var tls = isTls ? new SslStream(connection) : null;
            if (tls is not null)
            {
                await tls.AuthenticateAsServerAsync(new SslServerAuthenticationOptions { ServerCertificate = _certificate }, _stop.Token);
            }

            await RecordingService.ServeAsync((Stream?)tls ?? connection, (request, _) => Record(port, request), Headers, _stop.Token);
        }
        catch (Exception e) when (e is OperationCanceledException or IOException or ObjectDisposedException or System.Security.Authentication.AuthenticationException)
        {
            // The other side has left.
        }
    }

    private ValueTask Record(int port, RecordedRequest request)
    {
        _requests.Enqueue((port, request));
        return request.Target.EndsWith("/hangs", StringComparison.Ordinal) ? new ValueTask(Task.Delay(Timeout.Infinite, _stop.Token)) : ValueTask.CompletedTask;
    }
}
