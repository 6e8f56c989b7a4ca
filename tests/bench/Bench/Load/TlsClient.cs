using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;

namespace Bench.Load;

/// <summary>Opens TLS connections to a proxy on this machine, and accepts one certificate only.</summary>
internal sealed class TlsClient(int port, string certificatePath)
{
    public const string Host = "localhost";

    private readonly SslClientAuthenticationOptions _options = new()
    {
        TargetHost = Host,
        ApplicationProtocols = [SslApplicationProtocol.Http11],
        CertificateChainPolicy = new X509ChainPolicy
        {
            TrustMode = X509ChainTrustMode.CustomRootTrust,
            CustomTrustStore = { X509CertificateLoader.LoadCertificateFromFile(certificatePath) },
            RevocationMode = X509RevocationMode.NoCheck,
            DisableCertificateDownloads = true,
        },
    };

    /// <summary>Whether a session may be resumed; without, each connection is a full handshake.</summary>
    public bool Resumes
    {
        get => _options.AllowTlsResume;
        init => _options.AllowTlsResume = value;
    }

    public int Port => port;

    public async Task<SslStream> ConnectAsync()
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(new IPEndPoint(IPAddress.Loopback, port));
            var stream = new SslStream(new NetworkStream(socket, ownsSocket: true));
            await stream.AuthenticateAsClientAsync(_options);
            return stream;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }
}
