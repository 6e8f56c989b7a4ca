using System.Collections.Concurrent;
using System.Globalization;
using System.Net.Sockets;
using System.Text;
using Gateway.Tests.Hosting;

namespace Gateway.Tests.Boundary;

/// <summary>One request as it came over the wire, complete with its body.</summary>
internal sealed record Testimony(string Head, string Body)
{
    public string Target => Head.Split(' ')[1];

    /// <summary>The values of a header, one for each line that has this very name or one that differs in case only.</summary>
    public string[] Values(string name) =>
        [.. Head.Split("\r\n").Skip(1).Where(line => line.StartsWith(name + ":", StringComparison.OrdinalIgnoreCase)).Select(line => line[(name.Length + 1)..].Trim())];
}

/// <summary>A service that takes every byte at its word, and remembers which requests that makes.</summary>
internal sealed class Witness : IAsyncDisposable
{
    private readonly RawService _service;
    private readonly ConcurrentQueue<Testimony> _requests = new();
    private readonly Func<Testimony, string> _answer;

    /// <param name="answer">What is sent back for a request; 200 unless given.</param>
    public Witness(Func<Testimony, string>? answer = null)
    {
        _answer = answer ?? (static _ => "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
        _service = new RawService(ServeAsync);
    }

    public string Address => _service.Address;

    public IReadOnlyCollection<Testimony> Requests => _requests;

    public void Forget() => _requests.Clear();

    public ValueTask DisposeAsync() => _service.DisposeAsync();

    private async Task ServeAsync(Socket socket, CancellationToken cancellationToken)
    {
        var received = "";
        var buffer = new byte[16 * 1024];
        while (await socket.ReceiveAsync(buffer, cancellationToken) is var read and > 0)
        {
            received += Encoding.Latin1.GetString(buffer, 0, read);
            while (TryTake(ref received) is { } request)
            {
                _requests.Enqueue(request);
                await socket.SendAsync(Encoding.Latin1.GetBytes(_answer(request)), cancellationToken);
            }
        }
    }

    private static Testimony? TryTake(ref string received)
    {
        var end = received.IndexOf("\r\n\r\n", StringComparison.Ordinal);
        if (end < 0)
        {
            return null;
        }

        var head = new Testimony(received[..end], "");
        var rest = received[(end + 4)..];
        if (head.Values("Transfer-Encoding").Length > 0)
        {
            if (TryDechunk(rest) is not var (body, length))
            {
                return null;
            }

            received = rest[length..];
            return head with { Body = body };
        }

        var size = head.Values("Content-Length") is [var value, ..] ? int.Parse(value, CultureInfo.InvariantCulture) : 0;
        if (rest.Length < size)
        {
            return null;
        }

        received = rest[size..];
        return head with { Body = rest[..size] };
    }

    private static (string Body, int Length)? TryDechunk(string text)
    {
        var body = new StringBuilder();
        for (var at = 0; text.IndexOf("\r\n", at, StringComparison.Ordinal) is var end and >= 0;)
        {
            var size = int.Parse(text.AsSpan(at, end - at), NumberStyles.HexNumber, CultureInfo.InvariantCulture);
            at = end + 2;
            if (text.Length < at + size + 2)
            {
                return null;
            }

            body.Append(text, at, size);
            at += size + 2;
            if (size == 0)
            {
                return (body.ToString(), at);
            }
        }

        return null;
    }
}
