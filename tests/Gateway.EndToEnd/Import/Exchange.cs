using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Text;
using Gateway.EndToEnd.Proxying;
using Gateway.EndToEnd.Systemd;

namespace Gateway.EndToEnd.Import;

/// <summary>What came of a request: what a service received, and what the client did.</summary>
internal sealed record Exchange(int Status, IReadOnlyList<(string Name, string Value)> Headers, string Body, int? Port, RecordedRequest? Received)
{
    // Of the hop, of the moment, or of who answers; what is said of them in general stands at the report's end.
    private static readonly HashSet<string> HopOfRequest = new(StringComparer.OrdinalIgnoreCase) { "Connection", "Transfer-Encoding" };

    private static readonly HashSet<string> HopOfAnswer = new(StringComparer.OrdinalIgnoreCase)
    {
        "Connection", "Transfer-Encoding", "Keep-Alive", "Server", "Date", "Content-Length", "X-Request-Id", "Location", "Strict-Transport-Security",
    };

    public static async Task<Exchange> MakeAsync(ComparedRequest request, NetworkNamespace network, RecordingServices services, CancellationToken cancellationToken)
    {
        services.Take();
        var isWebSocket = request.Method == "WEBSOCKET";
        var head = new StringBuilder($"{(isWebSocket ? "GET" : request.Method)} {request.Target} HTTP/1.1\r\nHost: {request.Host}\r\n");
        head.Append(isWebSocket
            ? $"Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nOrigin: {(request.IsTls ? "https" : "http")}://{request.Host}\r\n"
            : "Connection: close\r\n");
        head.AppendJoin("", request.Headers.Select(header => header + "\r\n"));
        head.Append(request.Body.Length > 0 ? $"Content-Length: {request.Body.Length}\r\n" : "").Append("\r\n").Append(request.Body);

        var socket = await network.ConnectAsync(IPAddress.Loopback, request.Port, cancellationToken);
        Stream stream = new NetworkStream(socket, ownsSocket: true);
        if (request.IsTls)
        {
            var tls = new SslStream(stream);
#pragma warning disable CA5359 // The certificates are the test's own.
            await tls.AuthenticateAsClientAsync(
                new SslClientAuthenticationOptions { TargetHost = request.Host.Split(':')[0], RemoteCertificateValidationCallback = (_, _, _, _) => true }, cancellationToken);
#pragma warning restore CA5359
            stream = tls;
        }

        await using (stream)
        {
            await stream.WriteAsync(Encoding.Latin1.GetBytes(head.ToString()), cancellationToken);
            var answer = await ReadAsync(stream, cancellationToken);
            var received = services.Take();
            return Parse(answer) with { Port = received?.Port, Received = received?.Request };
        }
    }

    /// <summary>In what it differs from what nginx made of the same request.</summary>
    /// <param name="nginx">nginx's.</param>
    /// <param name="added">Headers that the report says the service also gets.</param>
    public IReadOnlyList<string> DifferencesFrom(Exchange nginx, IReadOnlySet<string> added)
    {
        var differences = new List<string>();
        void Compare(string what, object? here, object? there)
        {
            if (!Equals(here, there))
            {
                differences.Add(what);
            }
        }

        Compare("status", Status, nginx.Status);
        Compare("location", Value("Location"), nginx.Value("Location"));
        Compare("service", Port, nginx.Port);
        if (Status < 300 && nginx.Status < 300)
        {
            Compare("body", Body, nginx.Body);
            var names = Headers.Concat(nginx.Headers).Select(h => h.Name).Where(n => !HopOfAnswer.Contains(n)).Distinct(StringComparer.OrdinalIgnoreCase);
            foreach (var name in names.OrderBy(n => n, StringComparer.OrdinalIgnoreCase))
            {
                Compare("<" + name.ToLowerInvariant(), Value(name), nginx.Value(name));
            }
        }

        if (Received is { } mine && nginx.Received is { } theirs)
        {
            Compare("method", mine.Method, theirs.Method);
            Compare("target", mine.Target, theirs.Target);
            Compare("sent-body", mine.Body, theirs.Body);
            var names = mine.Headers.Concat(theirs.Headers).Select(h => h.Name).Where(n => !HopOfRequest.Contains(n)).Distinct(StringComparer.OrdinalIgnoreCase);
            foreach (var name in names.OrderBy(n => n, StringComparer.OrdinalIgnoreCase))
            {
                if (theirs.Header(name) is not null || !added.Contains(name))
                {
                    Compare(">" + name.ToLowerInvariant(), mine.Header(name), theirs.Header(name));
                }
            }
        }

        return differences;
    }

    public override string ToString() =>
        $"{Status} {Value("Location")} | service {Port}: {Received?.Method} {Received?.Target} {string.Join("; ", Received?.Headers.Select(h => $"{h.Name}: {h.Value}") ?? [])} | {string.Join("; ", Headers.Select(h => $"{h.Name}: {h.Value}"))}";

    private string? Value(string name)
    {
        string[] values = [.. Headers.Where(h => h.Name.Equals(name, StringComparison.OrdinalIgnoreCase)).Select(h => h.Value)];
        return values.Length == 0 ? null : string.Join(" | ", values);
    }

    private static async Task<string> ReadAsync(Stream stream, CancellationToken cancellationToken)
    {
        using var bytes = new MemoryStream();
        var buffer = new byte[16 * 1024];
        try
        {
            while (await stream.ReadAsync(buffer, cancellationToken) is > 0 and var read)
            {
                bytes.Write(buffer, 0, read);
                if (Encoding.Latin1.GetString(bytes.ToArray()) is var soFar && soFar.StartsWith("HTTP/1.1 101", StringComparison.Ordinal) && soFar.Contains("\r\n\r\n", StringComparison.Ordinal))
                {
                    break;
                }
            }
        }
        catch (IOException)
        {
            // nginx's 444, and whoever else closes without a word.
        }

        return Encoding.Latin1.GetString(bytes.ToArray());
    }

    private static Exchange Parse(string answer)
    {
        var end = answer.IndexOf("\r\n\r\n", StringComparison.Ordinal);
        if (end < 0)
        {
            return new Exchange(0, [], "", null, null);
        }

        var lines = answer[..end].Split("\r\n");
        (string Name, string Value)[] headers = [.. lines[1..].Select(l => l.Split(':', 2)).Select(p => (p[0], p[1].Trim()))];
        var body = answer[(end + 4)..];
        if (headers.Any(h => h.Name.Equals("Transfer-Encoding", StringComparison.OrdinalIgnoreCase)))
        {
            var whole = new StringBuilder();
            while (body.IndexOf("\r\n", StringComparison.Ordinal) is > 0 and var line && Convert.ToInt32(body[..line].Split(';')[0], 16) is > 0 and var length)
            {
                whole.Append(body.AsSpan(line + 2, length));
                body = body[(line + 4 + length)..];
            }

            body = whole.ToString();
        }

        return new Exchange(int.Parse(lines[0].Split(' ')[1], System.Globalization.CultureInfo.InvariantCulture), headers, body, null, null);
    }
}
