using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Net.WebSockets;
using Gateway.EndToEnd.Harness;

namespace Gateway.EndToEnd.Proxying;

/// <summary>What the facts of this folder have clients do.</summary>
internal static class Clients
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    /// <summary>HTTP/1.1 and HTTP/2, for facts that hold over both.</summary>
    public static TheoryData<string> Versions => ["1.1", "2.0"];

    /// <summary>Opens a WebSocket that sends nothing by itself, pings included.</summary>
    /// <param name="gateway">The gateway.</param>
    /// <param name="path">On it.</param>
    /// <param name="version">1.1 for an upgrade, 2.0 for an extended CONNECT.</param>
    /// <param name="connect">Makes the connection; null for the ordinary way.</param>
    public static async Task<ClientWebSocket> OpenWebSocketAsync(
        GatewayProcess gateway, string path, string version, Func<SocketsHttpConnectionContext, CancellationToken, ValueTask<Stream>>? connect = null)
    {
        var handler = new SocketsHttpHandler { UseProxy = false, SslOptions = TrustAll(), ConnectCallback = connect };
        var socket = new ClientWebSocket();
        socket.Options.KeepAliveInterval = TimeSpan.Zero;
        socket.Options.HttpVersion = Version.Parse(version);
        socket.Options.HttpVersionPolicy = HttpVersionPolicy.RequestVersionExact;
        await socket.ConnectAsync(new Uri($"wss://localhost:{gateway.HttpsPort}{path}"), new HttpMessageInvoker(handler), Cancellation);
        return socket;
    }

    /// <summary>Sends a text and waits for the same text.</summary>
    public static async Task EchoAsync(WebSocket socket, string text)
    {
        await socket.SendAsync(System.Text.Encoding.UTF8.GetBytes(text), WebSocketMessageType.Text, true, Cancellation);
        var buffer = new byte[1024];
        var received = await socket.ReceiveAsync(buffer.AsMemory(), Cancellation);
        Assert.Equal(text, System.Text.Encoding.UTF8.GetString(buffer, 0, received.Count));
    }

    /// <summary>Sends bytes over TLS as they are, and reads until the other side closes.</summary>
    public static async Task<byte[]> SendRawAsync(int port, ReadOnlyMemory<byte> request)
    {
        await using var tls = await ConnectTlsAsync(port);
        await tls.WriteAsync(request, Cancellation);
        using var answer = new MemoryStream();
        await tls.CopyToAsync(answer, Cancellation);
        return answer.ToArray();
    }

    /// <param name="port">Of the gateway.</param>
    /// <param name="from">An address of the loopback, to be another client than the rest; any unless given.</param>
    /// <param name="protocol">To be negotiated; none unless given.</param>
    public static async Task<SslStream> ConnectTlsAsync(int port, IPAddress? from = null, SslApplicationProtocol? protocol = null)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        if (from is not null)
        {
            socket.Bind(new IPEndPoint(from, 0));
        }

        await socket.ConnectAsync(IPAddress.Loopback, port, Cancellation);
        var tls = new SslStream(new NetworkStream(socket, ownsSocket: true));
        var options = TrustAll();
        options.ApplicationProtocols = protocol is { } one ? [one] : null;
        await tls.AuthenticateAsClientAsync(options, Cancellation);
        return tls;
    }

    /// <summary>For facts that are not about certificates.</summary>
    private static SslClientAuthenticationOptions TrustAll() => new()
    {
        TargetHost = "localhost",
#pragma warning disable CA5359 // Nothing secret passes, and the certificate is the subject of other tests.
        RemoteCertificateValidationCallback = (_, _, _, _) => true,
#pragma warning restore CA5359
    };
}
