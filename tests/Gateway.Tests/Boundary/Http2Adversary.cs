using System.Buffers.Binary;
using System.Net.Security;
using System.Text;

namespace Gateway.Tests.Boundary;

/// <summary>A client that sends HTTP/2 frames by hand (RFC 9113), with header fields that are never indexed nor compressed (RFC 7541 section 6.2.2).</summary>
internal sealed class Http2Adversary : IAsyncDisposable
{
    public const byte Data = 0, Headers = 1, Priority = 2, Reset = 3, Settings = 4, Ping = 6, GoAway = 7, WindowUpdate = 8, Continuation = 9;
    public const byte EndStream = 1, EndHeaders = 4, Padded = 8, Ack = 1;

    private const int FrameHeader = 9;

    // Offenders wait for two seconds.
    private static readonly TimeSpan Silence = TimeSpan.FromSeconds(10);

    private readonly SslStream _connection;

    private Http2Adversary(SslStream connection) => _connection = connection;

    /// <summary>Begins HTTP/2 on a connection that has negotiated it.</summary>
    public static async Task<Http2Adversary> BeginAsync(SslStream connection, CancellationToken cancellationToken)
    {
        var adversary = new Http2Adversary(connection);
        await adversary.SendAsync([.. "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"u8, .. Frame(Settings, 0, 0, [])], cancellationToken);
        return adversary;
    }

    public static byte[] Frame(byte type, byte flags, int stream, byte[] payload)
    {
        var frame = new byte[FrameHeader + payload.Length];
        frame[0] = (byte)(payload.Length >> 16);
        BinaryPrimitives.WriteUInt16BigEndian(frame.AsSpan(1), (ushort)payload.Length);
        (frame[3], frame[4]) = (type, flags);
        BinaryPrimitives.WriteInt32BigEndian(frame.AsSpan(5), stream);
        payload.CopyTo(frame, FrameHeader);
        return frame;
    }

    /// <summary>A header block in Latin-1, in this order, whatever is in it.</summary>
    public static byte[] Fields(params (string Name, string Value)[] fields)
    {
        var block = new List<byte>();
        foreach (var (name, value) in fields)
        {
            block.Add(0);
            AddText(block, name);
            AddText(block, value);
        }

        return [.. block];
    }

    /// <summary>A request's header block, with more fields behind it.</summary>
    public static byte[] Request(string method, string path, params (string Name, string Value)[] more) =>
        Fields([(":method", method), (":scheme", "https"), (":authority", "localhost"), (":path", path), .. more]);

    public Task SendAsync(byte[] bytes, CancellationToken cancellationToken) => _connection.WriteAsync(bytes, cancellationToken).AsTask();

    /// <summary>What becomes of a stream: a status, <c>RST</c> for its reset, <c>GOAWAY</c> or <c>closed</c> for the end of the whole connection,
    /// <c>silence</c> when nothing comes.</summary>
    public async Task<string> OutcomeAsync(int stream, CancellationToken cancellationToken)
    {
        using var silence = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        silence.CancelAfter(Silence);
        try
        {
            while (true)
            {
                var (type, flags, of, payload) = await ReadAsync(silence.Token);
                switch (type)
                {
                    case Headers when of == stream:
                        return Status(payload);
                    case Reset when of == stream:
                        return "RST";
                    case GoAway:
                        return "GOAWAY";
                    case Settings when (flags & Ack) == 0:
                        await SendAsync(Frame(Settings, Ack, 0, []), silence.Token);
                        break;
                    default:
                        break;
                }
            }
        }
        catch (IOException)
        {
            return "closed";
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return "silence";
        }
    }

    public async Task<(byte Type, byte Flags, int Stream, byte[] Payload)> ReadAsync(CancellationToken cancellationToken)
    {
        var header = new byte[FrameHeader];
        await _connection.ReadExactlyAsync(header, cancellationToken);
        var payload = new byte[(header[0] << 16) | BinaryPrimitives.ReadUInt16BigEndian(header.AsSpan(1))];
        await _connection.ReadExactlyAsync(payload, cancellationToken);
        return (header[3], header[4], BinaryPrimitives.ReadInt32BigEndian(header.AsSpan(5)) & int.MaxValue, payload);
    }

    public ValueTask DisposeAsync() => _connection.DisposeAsync();

    // RFC 7541 section 5.1, with a prefix of seven bits and without Huffman coding.
    private static void AddText(List<byte> block, string text)
    {
        var rest = text.Length;
        if (rest < 127)
        {
            block.Add((byte)rest);
        }
        else
        {
            block.Add(127);
            for (rest -= 127; rest >= 128; rest >>= 7)
            {
                block.Add((byte)(rest | 128));
            }

            block.Add((byte)rest);
        }

        block.AddRange(Encoding.Latin1.GetBytes(text));
    }

    // The first field of an answer: indexed (RFC 7541 appendix A, 8 to 14), or a literal whose name is entry 8.
    private static string Status(byte[] block)
    {
        var field = block.AsSpan();
        while ((field[0] & 0xe0) == 0x20)
        {
            field = field[1..]; // the table's size
        }

        string[] indexed = ["200", "204", "206", "304", "400", "404", "500"];
        return field[0] is >= 0x88 and <= 0x8e ? indexed[field[0] - 0x88] : Encoding.ASCII.GetString(field.Slice(2, 3));
    }
}
