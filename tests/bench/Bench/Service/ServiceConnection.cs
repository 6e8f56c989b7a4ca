using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;
using Bench.Content;

namespace Bench.Service;

/// <summary>One connection of a proxy: requests one after the other, or a WebSocket.</summary>
internal sealed class ServiceConnection(Socket socket)
{
    private static readonly byte[] SmallAnswer = Answer("application/json", Answers.Small.Span, closes: false);
    private static readonly byte[] SmallLastAnswer = Answer("application/json", Answers.Small.Span, closes: true);
    private static readonly byte[] DownloadAnswer = Answer("application/octet-stream", Answers.Download.Span, closes: false);
    private static readonly byte[] DownloadLastAnswer = Answer("application/octet-stream", Answers.Download.Span, closes: true);
    private static readonly byte[] NotFound = Encoding.ASCII.GetBytes("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n");
    private static readonly byte[] WrongBody = Encoding.ASCII.GetBytes("HTTP/1.1 422 Wrong Bytes\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");

    private readonly byte[] _buffer = new byte[64 * 1024];
    private int _length;

    public async Task RunAsync()
    {
        try
        {
            while (await ReadHeadAsync() is var head and > 0)
            {
                if (!await AnswerAsync(head))
                {
                    break;
                }
            }
        }
        catch (Exception e) when (e is SocketException or IOException)
        {
            // The proxy has gone, as proxies do at the end of a row.
        }
        finally
        {
            socket.Dispose();
        }
    }

    /// <returns>The length of the head; 0 when the connection has ended.</returns>
    private async ValueTask<int> ReadHeadAsync()
    {
        while (true)
        {
            var end = _buffer.AsSpan(0, _length).IndexOf("\r\n\r\n"u8);
            if (end >= 0)
            {
                return end + 4;
            }

            var read = await socket.ReceiveAsync(_buffer.AsMemory(_length), SocketFlags.None);
            if (read == 0)
            {
                return 0;
            }

            _length += read;
        }
    }

    /// <returns>Whether the connection goes on.</returns>
    private async ValueTask<bool> AnswerAsync(int headLength)
    {
        var head = RequestHead.Parse(_buffer.AsSpan(0, headLength));
        var (closes, contentLength, key) = (head.Closes, head.ContentLength, head.WebSocketKey);
        if (key is not null)
        {
            var isCall = head.Target.SequenceEqual("/ws/call"u8);
            await SendAsync(Encoding.ASCII.GetBytes(
                $"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: {Accept(key)}\r\n\r\n"));
            await new ServiceWebSocket(socket, _buffer.AsMemory(headLength, _length - headLength)).RunAsync(isCall);
            return false;
        }

        var answer = head.Target switch
        {
            var target when target.SequenceEqual("/api/small"u8) => closes ? SmallLastAnswer : SmallAnswer,
            var target when target.SequenceEqual("/api/download"u8) => closes ? DownloadLastAnswer : DownloadAnswer,
            var target when target.SequenceEqual("/api/upload"u8) => closes ? SmallLastAnswer : SmallAnswer,
            var target when target.SequenceEqual("/api/head"u8) => Answer("text/plain", _buffer.AsSpan(0, headLength), closes),
            _ => NotFound,
        };
        var isRight = contentLength == 0 || await TakeBodyAsync(headLength, contentLength);
        if (contentLength == 0)
        {
            Forget(headLength);
        }

        await SendAsync(isRight ? answer : WrongBody);
        if (closes || !isRight)
        {
            socket.Shutdown(SocketShutdown.Send);
        }

        return !closes && isRight;
    }

    private async ValueTask<bool> TakeBodyAsync(int headLength, int contentLength)
    {
        Forget(headLength);
        if (contentLength != Answers.Upload.Length)
        {
            return false;
        }

        var taken = 0;
        while (true)
        {
            var piece = Math.Min(_length, contentLength - taken);
            if (!_buffer.AsSpan(0, piece).SequenceEqual(Answers.Upload.Span.Slice(taken, piece)))
            {
                return false;
            }

            taken += piece;
            Forget(piece);
            if (taken == contentLength)
            {
                return true;
            }

            var read = await socket.ReceiveAsync(_buffer.AsMemory(_length), SocketFlags.None);
            if (read == 0)
            {
                return false;
            }

            _length += read;
        }
    }

    private void Forget(int count)
    {
        _buffer.AsSpan(count, _length - count).CopyTo(_buffer);
        _length -= count;
    }

    private async ValueTask SendAsync(ReadOnlyMemory<byte> bytes)
    {
        while (!bytes.IsEmpty)
        {
            bytes = bytes[await socket.SendAsync(bytes, SocketFlags.None)..];
        }
    }

    private static byte[] Answer(string type, ReadOnlySpan<byte> body, bool closes) =>
        [
            .. Encoding.ASCII.GetBytes($"HTTP/1.1 200 OK\r\nContent-Type: {type}\r\nContent-Length: {body.Length}\r\n{(closes ? "Connection: close\r\n" : "")}\r\n"),
            .. body,
        ];

    // RFC 6455 section 1.3.
    private static string Accept(string key)
    {
        using var sha1 = IncrementalHash.CreateHash(HashAlgorithmName.SHA1);
        sha1.AppendData(Encoding.ASCII.GetBytes(key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"));
        return Convert.ToBase64String(sha1.GetHashAndReset());
    }
}
