using System.Net;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography;
using Gateway.Boundary.Limits;
using Gateway.Configuration;
using Gateway.Platform;
using Gateway.Proxying;

namespace Gateway.Hosting.Systemd;

/// <summary>Asks the gateway itself, as a client would: a connection to one of its endpoints, a TLS handshake, a request, an answer.</summary>
internal sealed class SelfCheck(CurrentConfiguration configuration, ConnectionLimits limits, DescriptorAlarm descriptors)
{
    /// <summary>Answered by the gateway itself. Nobody else knows it, and there is nothing to be had there.</summary>
    public PathString Path { get; } = new("/" + RandomNumberGenerator.GetHexString(32, lowercase: true));

    /// <summary>Answers the check before anything that depends on the configuration, and without a trace in the access log.</summary>
    public void Answer(IApplicationBuilder app) => app.Use((context, next) =>
    {
        if (context.Request.Path != Path)
        {
            return next(context);
        }

        context.Response.StatusCode = StatusCodes.Status204NoContent;
        return Task.CompletedTask;
    });

    /// <exception cref="Exception">There was no answer, or a wrong one.</exception>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        var endpoint = configuration.Value.Endpoints.Select(e => new CheckedEndpoint(e, configuration.Value.Root.GetSection($"Kestrel:Endpoints:{e.Name}")))
            .Where(e => e.Addresses.Count > 0)
            .OrderBy(e => e.Preference)
            .FirstOrDefault();
        if (descriptors.KeepsClientsWaiting)
        {
            // This one would wait too. It passes by itself; a restart would cut every call.
            return;
        }

        if (endpoint is null)
        {
            // Not over TCP or a unix socket: that this runs at all is what can be said.
            return;
        }

        using var handler = new SocketsHttpHandler
        {
            UseProxy = false,
            AllowAutoRedirect = false,
            ConnectCallback = async (_, token) => await ConnectAsync(endpoint.Addresses, token),
        };
        // It talks to itself: which certificate it shows is not the question.
        handler.SslOptions.RemoteCertificateValidationCallback = static (_, shown, _, _) => shown is not null;
        using var client = new HttpMessageInvoker(handler);
        using var request = new HttpRequestMessage(HttpMethod.Get, endpoint.Origin + Path)
        {
            Version = endpoint.Version,
            VersionPolicy = endpoint.VersionPolicy,
            Headers = { ConnectionClose = true },
        };

        try
        {
            using var response = await client.SendAsync(request, cancellationToken);
            if (response.StatusCode != HttpStatusCode.NoContent)
            {
                throw new HttpRequestException($"{endpoint.Origin} answered {(int)response.StatusCode}");
            }
        }
        catch (HttpRequestException exception) when (endpoint.MayRefuse && exception is { HttpRequestError: HttpRequestError.SecureConnectionError } or { InnerException: IOException or AuthenticationException })
        {
            // This endpoint wants another server name or a client certificate; it was the gateway that said so.
        }
        catch (HttpRequestException exception) when (exception.GetBaseException() is SocketException { SocketErrorCode: SocketError.TooManyOpenSockets })
        {
            // Out of file descriptors: the same.
        }
    }

    private async ValueTask<Stream> ConnectAsync(IReadOnlyList<EndPoint> addresses, CancellationToken cancellationToken)
    {
        for (var i = 0; ; i++)
        {
            var address = addresses[i];
            var socket = new Socket(address.AddressFamily, SocketType.Stream, address is IPEndPoint ? ProtocolType.Tcp : ProtocolType.Unspecified);
            try
            {
                if (address is IPEndPoint)
                {
                    socket.Bind(new IPEndPoint(address.AddressFamily == AddressFamily.InterNetwork ? IPAddress.Any : IPAddress.IPv6Any, 0));
                    limits.OwnPort = (socket.LocalEndPoint as IPEndPoint)?.Port;
                }

                await socket.ConnectAsync(address, cancellationToken);
                return new NetworkStream(socket, ownsSocket: true);
            }
            catch (SocketException) when (i + 1 < addresses.Count)
            {
                socket.Dispose();
            }
            catch
            {
                socket.Dispose();
                throw;
            }
        }
    }
}
