using System.Globalization;
using System.Net.Sockets;
using System.Text;
using System.Threading.Channels;
using Gateway.Tests.Hosting;

namespace Gateway.EndToEnd.Proxying;

/// <summary>A request as it stood on the wire, bytes as Latin-1, the body without its transfer coding.</summary>
internal sealed record RecordedRequest(string Method, string Target, IReadOnlyList<(string Name, string Value)> Headers, string Body)
{
    public string? Header(string name)
    {
        var values = Headers.Where(h => h.Name.Equals(name, StringComparison.OrdinalIgnoreCase)).Select(h => h.Value).ToArray();
        return values.Length == 0 ? null : string.Join(" | ", values);
    }
}

/// <summary>A service that writes down what it receives, byte for byte, and answers 200; an upgrade it accepts, and sends back what comes.</summary>
internal sealed class RecordingService : IAsyncDisposable
{
    private readonly Channel<RecordedRequest> _requests = Channel.CreateUnbounded<RecordedRequest>();
    private readonly RawService _service;

    public RecordingService() => _service = new RawService(ServeAsync);

    public string Address => _service.Address;

    /// <summary>The one request that has arrived; null for none.</summary>
    /// <remarks>Asked for when its sender has its answer: what it has caused has happened.</remarks>
    public RecordedRequest? Take() => _requests.Reader.TryRead(out var request) ? request : null;

    public ValueTask DisposeAsync() => _service.DisposeAsync();

    private async Task ServeAsync(Socket socket, CancellationToken cancellationToken)
    {
        await using var stream = new NetworkStream(socket);
        await ServeAsync(stream, _requests.Writer.WriteAsync, "", cancellationToken);
    }

    /// <summary>One request of one connection.</summary>
    /// <param name="stream">The connection.</param>
    /// <param name="record">Gets the request before it is answered.</param>
    /// <param name="headerLines">Of the answer, besides the usual.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public static async Task ServeAsync(
        Stream stream, Func<RecordedRequest, CancellationToken, ValueTask> record, string headerLines, CancellationToken cancellationToken)
    {
        if (await ReadLineAsync(stream, cancellationToken) is not { Length: > 0 } requestLine)
        {
            // The gateway asks at its start whether anybody is there.
            return;
        }

        var headers = new List<(string, string)>();
        while (await ReadLineAsync(stream, cancellationToken) is { Length: > 0 } line)
        {
            var colon = line.IndexOf(':', StringComparison.Ordinal);
            headers.Add((line[..colon], line[(colon + 1)..].Trim()));
        }

        var parts = requestLine.Split(' ');
        var request = new RecordedRequest(parts[0], string.Join(' ', parts[1..^1]), headers, "");
        var body = await ReadBodyAsync(stream, request, cancellationToken);
        await record(request with { Body = body }, cancellationToken);

        if (request.Header("Upgrade") is not null)
        {
            await WriteAsync(stream, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n", cancellationToken);
            await stream.CopyToAsync(stream, cancellationToken);
            return;
        }

        var answer = request.Method == "HEAD" ? "" : "recorded";
        await WriteAsync(stream, $"HTTP/1.1 200 OK\r\nContent-Length: 8\r\n{headerLines}Connection: close\r\n\r\n{answer}", cancellationToken);
    }

    private static async Task<string> ReadBodyAsync(Stream stream, RecordedRequest request, CancellationToken cancellationToken)
    {
        if (request.Header("Transfer-Encoding") is null)
        {
            var length = int.Parse(request.Header("Content-Length") ?? "0", CultureInfo.InvariantCulture);
            return await ReadBytesAsync(stream, length, cancellationToken);
        }

        var body = new StringBuilder();
        while (await ReadLineAsync(stream, cancellationToken) is { } size && int.Parse(size, NumberStyles.HexNumber, CultureInfo.InvariantCulture) is > 0 and var length)
        {
            body.Append(await ReadBytesAsync(stream, length, cancellationToken));
            await ReadLineAsync(stream, cancellationToken);
        }

        await ReadLineAsync(stream, cancellationToken);
        return body.ToString();
    }

    private static async Task<string> ReadBytesAsync(Stream stream, int length, CancellationToken cancellationToken)
    {
        var bytes = new byte[length];
        await stream.ReadExactlyAsync(bytes, cancellationToken);
        return Encoding.Latin1.GetString(bytes);
    }

    private static async Task<string?> ReadLineAsync(Stream stream, CancellationToken cancellationToken)
    {
        var line = new StringBuilder();
        var one = new byte[1];
        while (await stream.ReadAsync(one, cancellationToken) > 0)
        {
            if (one[0] == '\n')
            {
                return line.ToString().TrimEnd('\r');
            }

            line.Append((char)one[0]);
        }

        return null;
    }

    private static async Task WriteAsync(Stream stream, string text, CancellationToken cancellationToken) =>
        await stream.WriteAsync(Encoding.Latin1.GetBytes(text), cancellationToken);
}
