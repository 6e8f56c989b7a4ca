using System.Buffers.Text;
using System.Text;

namespace Bench.Service;

/// <summary>What the service looks at in a request.</summary>
internal readonly ref struct RequestHead
{
    public ReadOnlySpan<byte> Target { get; private init; }

    /// <summary>The connection ends with the answer: HTTP/1.0, or asked for.</summary>
    public bool Closes { get; private init; }

    public int ContentLength { get; private init; }

    /// <summary>Null unless it is a WebSocket handshake.</summary>
    public string? WebSocketKey { get; private init; }

    /// <param name="head">All bytes to the empty line.</param>
    public static RequestHead Parse(ReadOnlySpan<byte> head)
    {
        var line = head[..head.IndexOf("\r\n"u8)];
        var target = line[(line.IndexOf((byte)' ') + 1)..line.LastIndexOf((byte)' ')];
        var closes = line.EndsWith("HTTP/1.0"u8);
        var length = 0;
        string? key = null;
        var rest = head[(line.Length + 2)..];
        while (rest.IndexOf("\r\n"u8) is var end and > 0)
        {
            var header = rest[..end];
            rest = rest[(end + 2)..];
            var colon = header.IndexOf((byte)':');
            var value = header[(colon + 1)..].Trim((byte)' ');
            switch (colon)
            {
                case 14 when Ascii.EqualsIgnoreCase(header[..colon], "content-length"u8):
                    _ = Utf8Parser.TryParse(value, out length, out _);
                    break;
                case 10 when Ascii.EqualsIgnoreCase(header[..colon], "connection"u8):
                    closes |= Ascii.EqualsIgnoreCase(value, "close"u8);
                    break;
                case 17 when Ascii.EqualsIgnoreCase(header[..colon], "sec-websocket-key"u8):
                    key = Encoding.ASCII.GetString(value);
                    break;
                default:
                    break;
            }
        }

        return new RequestHead { Target = target, Closes = closes, ContentLength = length, WebSocketKey = key };
    }
}
