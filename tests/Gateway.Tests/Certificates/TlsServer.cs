using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using Gateway.Certificates;

namespace Gateway.Tests.Certificates;

/// <summary>A real TLS server on loopback that picks certificates from the table as the gateway does, and its clients.</summary>
internal sealed class TlsServer : IAsyncDisposable
{
    private readonly TcpListener _listener;
    private readonly Task _accepting;
    private readonly Func<CertificateTable> _table;

    public TlsServer(Func<CertificateTable> table, IPAddress? address = null)
    {
        _table = table;
        _listener = new TcpListener(address ?? IPAddress.Loopback, 0);
        _listener.Start();
        _accepting = AcceptAsync();
    }

    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    /// <summary>The certificate that a client is sent, and with it the number of certificates of the chain.</summary>
    public async Task<(X509Certificate2 Leaf, int Intermediates)> HandshakeAsync(string serverName, IPAddress? to = null)
    {
        using var client = new TcpClient();
        await client.ConnectAsync(to ?? IPAddress.Loopback, Port, TestContext.Current.CancellationToken);
        X509Certificate2? leaf = null;
        var intermediates = 0;
        await using var tls = new SslStream(client.GetStream());
        await tls.AuthenticateAsClientAsync(
            new SslClientAuthenticationOptions
            {
                TargetHost = serverName,
                RemoteCertificateValidationCallback = (_, certificate, chain, _) =>
                {
                    leaf = X509CertificateLoader.LoadCertificate(certificate!.GetRawCertData());
                    intermediates = chain!.ChainPolicy.ExtraStore.Count(extra => extra.Subject != leaf.Subject);
                    return true;
                },
            },
            TestContext.Current.CancellationToken);
        return (leaf!, intermediates);
    }

    public async ValueTask DisposeAsync()
    {
        _listener.Stop();
        await _accepting;
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                _ = ServeAsync(await _listener.AcceptTcpClientAsync());
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
        }
    }

    private async Task ServeAsync(TcpClient client)
    {
        try
        {
            using (client)
            {
                await using var tls = new SslStream(client.GetStream());
                await tls.AuthenticateAsServerAsync(
                    (_, hello, _, _) => ValueTask.FromResult(new SslServerAuthenticationOptions
                    {
                        ServerCertificateContext = _table()
                            .Select(hello.ServerName, ((IPEndPoint)client.Client.LocalEndPoint!).Address)!.Context,
                    }),
                    null);

                // Answers curl and the like; others have closed by now.
                var buffer = new byte[4096];
                if (await tls.ReadAsync(buffer) > 0)
                {
                    await tls.WriteAsync("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok"u8.ToArray());
                    await tls.ShutdownAsync();
                }
            }
        }
        catch (Exception e) when (e is IOException or System.Security.Authentication.AuthenticationException)
        {
        }
    }
}
