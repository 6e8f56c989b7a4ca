using System.Globalization;
using System.Net.Security;
using System.Net.Sockets;
using System.Text;

namespace Gateway.EndToEnd.Systemd;

/// <summary>One HTTP/1.1 connection that sees what a browser's HTTP stack would hide: where exactly it ended.</summary>
internal sealed class HttpsConnection : IAsyncDisposable
{
    private static readonly byte[] Request = "GET /load HTTP/1.1\r\nHost: localhost\r\n\r\n"u8.ToArray();

    private readonly SslStream _tls;
    private readonly byte[] _buffer = new byte[64 * 1024];

    private HttpsConnection(SslStream tls) => _tls = tls;

    /// <summary>The peer has said that its last answer was the last, or that answer had no end.</summary>
    public bool IsOver { get; private set; }

    public static async Task<HttpsConnection> OpenAsync(Socket socket, CancellationToken cancellationToken)
    {
        var tls = new SslStream(new NetworkStream(socket, ownsSocket: true));
        try
        {
            await tls.AuthenticateAsClientAsync(
                new SslClientAuthenticationOptions { TargetHost = "localhost", RemoteCertificateValidationCallback = (_, shown, _, _) => shown is not null },
                cancellationToken);
            return new HttpsConnection(tls);
        }
        catch
        {
            await tls.DisposeAsync();
            throw;
        }
    }

    /// <summary>Sends a request and reads the answer to its end.</summary>
    /// <returns>The status and the length of the body; null when the connection ended before the first byte of an answer.</returns>
    /// <exception cref="EndOfStreamException">It ended in the middle of one.</exception>
    public async Task<(int Status, int Length)?> AskAsync(CancellationToken cancellationToken)
    {
        var read = 0;
        try
        {
            await _tls.WriteAsync(Request, cancellationToken);
            while (true)
            {
                var count = await _tls.ReadAsync(_buffer.AsMemory(read), cancellationToken);
                if (count == 0)
                {
                    return read == 0 ? null : throw new EndOfStreamException($"The answer ends after {read} bytes.");
                }

                read += count;
                if (Complete(read) is { } answer)
                {
                    return answer;
                }
            }
        }
        catch (IOException) when (read == 0)
        {
            return null;
        }
    }

    public ValueTask DisposeAsync() => _tls.DisposeAsync();

    private (int Status, int Length)? Complete(int read)
    {
        var end = _buffer.AsSpan(0, read).IndexOf("\r\n\r\n"u8);
        if (end < 0)
        {
            return null;
        }

        var head = Encoding.Latin1.GetString(_buffer, 0, end).Split("\r\n");
        var fields = head.Skip(1).Select(line => line.Split(": ", 2)).ToLookup(f => f[0].ToLowerInvariant(), f => f[1]);
        var length = int.Parse(fields["content-length"].Single(), CultureInfo.InvariantCulture);
        if (read - end - 4 < length)
        {
            return null;
        }

        IsOver = fields["connection"].Any(value => value.Contains("close", StringComparison.OrdinalIgnoreCase));
        return (int.Parse(head[0].Split(' ')[1], CultureInfo.InvariantCulture), length);
    }
}
