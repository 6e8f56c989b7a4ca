using System.Net.Security;
using System.Text;
using Bench.Content;

namespace Bench.Load;

/// <summary>The client's end of a WebSocket over TLS.</summary>
internal sealed class WebSocketClient : IAsyncDisposable
{
    private readonly SslStream _stream;
    private readonly FrameReader _reader;
    private byte[] _frame = new byte[512];

    private WebSocketClient(SslStream stream, FrameReader reader) => (_stream, _reader) = (stream, reader);

    public static async Task<WebSocketClient> OpenAsync(TlsClient client, string target)
    {
        var stream = await client.ConnectAsync();
        try
        {
            var host = $"{TlsClient.Host}:{client.Port}";
            var key = Convert.ToBase64String(Guid.NewGuid().ToByteArray());
            await stream.WriteAsync(Encoding.ASCII.GetBytes(
                $"GET {target} HTTP/1.1\r\nHost: {host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nOrigin: https://{host}\r\n"
                + $"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n\r\n"));
            var reader = new FrameReader(stream, 512);
            var (head, length) = (new byte[4096], 0);
            int end;
            while ((end = head.AsSpan(0, length).IndexOf("\r\n\r\n"u8)) < 0)
            {
                var read = await stream.ReadAsync(head.AsMemory(length));
                if (read == 0)
                {
                    throw new EndOfStreamException("the connection ended before the handshake was answered");
                }

                length += read;
            }

            if (!head.AsSpan().StartsWith("HTTP/1.1 101 "u8))
            {
                throw new InvalidDataException($"the handshake was answered with {Encoding.Latin1.GetString(head, 0, 60)}");
            }

            reader.Prepend(head.AsSpan(end + 4, length - end - 4));
            return new WebSocketClient(stream, reader);
        }
        catch
        {
            await stream.DisposeAsync();
            throw;
        }
    }

    /// <summary>Sends one text message in one frame, masked with a new key.</summary>
    /// <param name="length">Bytes of the message.</param>
    /// <param name="state">For <paramref name="write"/>.</param>
    /// <param name="write">Writes the message.</param>
    public ValueTask SendAsync<T>(int length, T state, Action<Memory<byte>, T> write)
    {
        if (_frame.Length < length + Frame.MaxHeader)
        {
            _frame = new byte[length + Frame.MaxHeader];
        }

        var key = (uint)Random.Shared.Next();
        var header = Frame.WriteHeader(_frame, length, key);
        var message = _frame.AsMemory(header, length);
        write(message, state);
        Frame.Mask(message.Span, key);
        return _stream.WriteAsync(_frame.AsMemory(0, header + length));
    }

    public ValueTask<Frame> ReceiveAsync() => _reader.ReadAsync();

    public ValueTask DisposeAsync() => _stream.DisposeAsync();
}
