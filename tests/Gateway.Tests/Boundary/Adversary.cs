using System.Net.Security;
using System.Net.Sockets;
using System.Text;
using Gateway.Tests.Hosting;

namespace Gateway.Tests.Boundary;

/// <summary>A client that sends bytes over TLS, for what no HTTP library would send.</summary>
internal static class Adversary
{
    /// <summary>Sends these bytes on a new connection and reads until the gateway closes it, or is silent for a second.</summary>
    /// <returns>All that came back, byte for byte as Latin-1.</returns>
    public static async Task<string> SendAsync(TestGateway gateway, byte[] request, CancellationToken cancellationToken)
    {
        using var tcp = new TcpClient();
        await tcp.ConnectAsync("127.0.0.1", new Uri(gateway.Address).Port, cancellationToken);
        await using var tls = new SslStream(tcp.GetStream(), false, TestGateway.IsTestCertificate);
        await tls.AuthenticateAsClientAsync("localhost");
        var answer = new StringBuilder();
        try
        {
            await tls.WriteAsync(request, cancellationToken);
            var buffer = new byte[16 * 1024];
            using var silence = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            silence.CancelAfter(TimeSpan.FromSeconds(1));
            while (await tls.ReadAsync(buffer, silence.Token) is var read and > 0)
            {
                answer.Append(Encoding.Latin1.GetString(buffer, 0, read));
                silence.CancelAfter(TimeSpan.FromSeconds(1));
            }
        }
        catch (Exception exception) when (exception is IOException || (exception is OperationCanceledException && !cancellationToken.IsCancellationRequested))
        {
            // Reset, or waiting for more.
        }

        return answer.ToString();
    }

    /// <summary>The status codes in an answer, in order.</summary>
    public static int[] Statuses(string answer) =>
        [.. System.Text.RegularExpressions.Regex.Matches(answer, @"HTTP/1\.[01] (\d\d\d) ").Select(match => int.Parse(match.Groups[1].Value, System.Globalization.CultureInfo.InvariantCulture))];
}
