using System.Buffers.Text;
using System.Net.Security;
using System.Text;

namespace Bench.Load;

/// <summary>Requests one after the other over one TLS connection, as HTTP/1.1.</summary>
internal sealed class HttpConnection(SslStream stream, int port) : IAsyncDisposable
{
    private readonly byte[] _buffer = new byte[64 * 1024];
    private int _length;

    public SslStream Tls => stream;

    /// <summary>The head of the last answer.</summary>
    public string Head { get; private set; } = "";

    /// <summary>The bytes of a request.</summary>
    public static byte[] Request(string target, int port, string more = "", ReadOnlySpan<byte> body = default) =>
        [.. Encoding.ASCII.GetBytes($"{(body.IsEmpty ? "GET" : "POST")} {target} HTTP/1.1\r\nHost: {TlsClient.Host}:{port}\r\n{more}\r\n"), .. body];

    /// <returns>Whether the answer is 200 with exactly the expected body.</returns>
    public async ValueTask<bool> IsAnsweredAsync(ReadOnlyMemory<byte> request, ReadOnlyMemory<byte> expected)
    {
        var right = true;
        var taken = 0;
        await foreach (var piece in SendAsync(request))
        {
            right &= taken + piece.Length <= expected.Length && expected.Span.Slice(taken, piece.Length).SequenceEqual(piece.Span);
            taken += piece.Length;
        }

        return right && taken == expected.Length;
    }

    public async Task<string> GetTextAsync(string target)
    {
        var text = new StringBuilder();
        await foreach (var piece in SendAsync(Request(target, port)))
        {
            text.Append(Encoding.Latin1.GetString(piece.Span));
        }

        return text.ToString();
    }

    private async IAsyncEnumerable<ReadOnlyMemory<byte>> SendAsync(ReadOnlyMemory<byte> request)
    {
        await stream.WriteAsync(request);
        var rest = await ReadHeadAsync();
        while (true)
        {
            if (_length > 0)
            {
                var piece = Math.Min(_length, rest);
                yield return _buffer.AsMemory(0, piece);
                rest -= piece;
                _length -= piece;
            }

            if (rest == 0)
            {
                yield break;
            }

            await FillAsync();
        }
    }

    /// <returns>The length of the body.</returns>
    private async ValueTask<int> ReadHeadAsync()
    {
        int end;
        while ((end = _buffer.AsSpan(0, _length).IndexOf("\r\n\r\n"u8)) < 0)
        {
            await FillAsync();
        }

        var head = _buffer.AsMemory(0, end + 4);
        Head = Encoding.Latin1.GetString(head.Span);
        if (!head.Span.StartsWith("HTTP/1.1 200 "u8))
        {
            throw new InvalidDataException($"the answer is {Head[..Head.IndexOf('\r', StringComparison.Ordinal)]}");
        }

        var at = Head.IndexOf("content-length:", StringComparison.OrdinalIgnoreCase);
        if (at < 0 || !Utf8Parser.TryParse(head.Span[(at + 15)..].TrimStart((byte)' '), out int length, out _))
        {
            throw new InvalidDataException("the answer has no Content-Length");
        }

        _length -= head.Length;
        _buffer.AsSpan(head.Length, _length).CopyTo(_buffer);
        return length;
    }

    private async ValueTask FillAsync()
    {
        var read = await stream.ReadAsync(_buffer.AsMemory(_length));
        if (read == 0)
        {
            throw new EndOfStreamException("the connection ended before the answer did");
        }

        _length += read;
    }

    public ValueTask DisposeAsync() => stream.DisposeAsync();
}
