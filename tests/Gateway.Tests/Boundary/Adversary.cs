using System.Globalization;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Text;
using System.Text.RegularExpressions;
using Gateway.Tests.Hosting;

namespace Gateway.Tests.Boundary;

/// <summary>A client that sends bytes over TLS, for what no HTTP library would send.</summary>
internal static class Adversary
{
    private static readonly TimeSpan Silence = TimeSpan.FromSeconds(2);

    /// <summary>Sends these bytes, as Latin-1, on a new connection, and reads until the gateway closes it or is silent for two seconds.</summary>
    public static async Task<AdversaryAnswer> SendAsync(TestGateway gateway, string request, CancellationToken cancellationToken)
    {
        await using var tls = await ConnectAsync(gateway, null, cancellationToken);
        return await ExchangeAsync(tls, request, cancellationToken);
    }

    /// <summary>Opens a connection; with a protocol it is negotiated.</summary>
    /// <param name="gateway">Where to.</param>
    /// <param name="protocol">By ALPN.</param>
    /// <param name="cancellationToken">Ends the attempt.</param>
    /// <param name="from">The address to come from, one of the loopback's; null for the usual one.</param>
    public static async Task<SslStream> ConnectAsync(
        TestGateway gateway, SslApplicationProtocol? protocol, CancellationToken cancellationToken, IPAddress? from = null)
    {
        var tcp = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        if (from is not null)
        {
            tcp.Bind(new IPEndPoint(from, 0));
        }

        await tcp.ConnectAsync("127.0.0.1", new Uri(gateway.Address).Port, cancellationToken);
        var tls = new SslStream(new NetworkStream(tcp, ownsSocket: true), false, TestGateway.IsTestCertificate);
        await tls.AuthenticateAsClientAsync(
            new SslClientAuthenticationOptions { TargetHost = "localhost", ApplicationProtocols = protocol is { } one ? [one] : null }, cancellationToken);
        return tls;
    }

    public static async Task<Http2Adversary> ConnectHttp2Async(TestGateway gateway, CancellationToken cancellationToken, IPAddress? from = null) =>
        await Http2Adversary.BeginAsync(await ConnectAsync(gateway, SslApplicationProtocol.Http2, cancellationToken, from), cancellationToken);

    public static async Task<AdversaryAnswer> ExchangeAsync(Stream connection, string request, CancellationToken cancellationToken)
    {
        var answer = new StringBuilder();
        var isClosed = true;
        using var silence = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        try
        {
            await connection.WriteAsync(Encoding.Latin1.GetBytes(request), cancellationToken);
            var buffer = new byte[16 * 1024];
            silence.CancelAfter(Silence);
            while (await connection.ReadAsync(buffer, silence.Token) is var read and > 0)
            {
                answer.Append(Encoding.Latin1.GetString(buffer, 0, read));
                silence.CancelAfter(Silence);
            }
        }
        catch (IOException)
        {
            // Reset.
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            isClosed = false;
        }

        return new AdversaryAnswer(answer.ToString(), isClosed);
    }
}

/// <param name="Text">All that came back, byte for byte as Latin-1.</param>
/// <param name="IsClosed">Whether the gateway has ended the connection.</param>
internal sealed record AdversaryAnswer(string Text, bool IsClosed)
{
    /// <summary>The status codes, in order.</summary>
    public int[] Statuses =>
        [.. Regex.Matches(Text, @"HTTP/1\.[01] (\d\d\d) ").Select(match => int.Parse(match.Groups[1].Value, CultureInfo.InvariantCulture))];
}
