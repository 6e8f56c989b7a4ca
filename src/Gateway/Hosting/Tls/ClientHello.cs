using System.Buffers;
using System.Buffers.Binary;
using System.Text;

namespace Gateway.Hosting.Tls;

/// <summary>The two things in the first message of a TLS client that tell a validating CA from a browser.</summary>
/// <param name="ServerName">RFC 6066 section 3; null when there is none.</param>
/// <param name="Protocols">RFC 7301 section 3.1; empty when there are none.</param>
internal sealed record ClientHello(string? ServerName, IReadOnlyList<string> Protocols)
{
    // A hello with post-quantum keys has some 2 KB. What goes on for longer is somebody's mischief.
    private const int LongestHello = 32 * 1024;

    private const int RecordHeader = 5;
    private const int MessageHeader = 4;
    private const int LongestRecord = 16 * 1024; // RFC 8446 section 5.1
    private const byte HandshakeRecord = 22;
    private const byte ClientHelloMessage = 1;
    private const int ServerNameExtension = 0;
    private const int ProtocolsExtension = 16;

    /// <summary>Reads a hello, which may come in several records and any number of pieces.</summary>
    /// <param name="received">All that has come so far.</param>
    /// <param name="hello">Null with true: these bytes are no ClientHello, whatever follows.</param>
    /// <returns>False when more bytes are needed to tell.</returns>
    public static bool TryRead(in ReadOnlySequence<byte> received, out ClientHello? hello)
    {
        hello = null;
        var bytes = received.Slice(0, Math.Min(received.Length, LongestHello)).ToArray();
        if (Join(bytes) is not { } message)
        {
            return true;
        }

        if (message.Length < MessageHeader)
        {
            return received.Length >= LongestHello || (message.Length > 0 && message[0] != ClientHelloMessage);
        }

        var length = LengthOf(message);
        if (message[0] != ClientHelloMessage || length > LongestHello)
        {
            return true;
        }

        if (message.Length < MessageHeader + length)
        {
            return received.Length >= LongestHello;
        }

        hello = Parse(message.AsSpan(MessageHeader, length));
        return true;
    }

    // RFC 8446 section 5.1: a handshake message may be spread over records. Null when these are no handshake records. What follows the
    // message is not looked at: early data, for one, comes at once (section 4.2.10).
    private static byte[]? Join(byte[] bytes)
    {
        var message = new ArrayBufferWriter<byte>(bytes.Length + 1);
        for (ReadOnlySpan<byte> rest = bytes; rest.Length > 0 && !IsWhole(message.WrittenSpan);)
        {
            if (rest[0] != HandshakeRecord || (rest.Length > 1 && rest[1] != 3))
            {
                return null;
            }

            if (rest.Length < RecordHeader)
            {
                break;
            }

            var length = BinaryPrimitives.ReadUInt16BigEndian(rest[3..]);
            if (length is 0 or > LongestRecord)
            {
                return null;
            }

            var fragment = rest[RecordHeader..Math.Min(rest.Length, RecordHeader + length)];
            message.Write(fragment);
            rest = rest[(RecordHeader + fragment.Length)..];
        }

        return message.WrittenSpan.ToArray();
    }

    private static bool IsWhole(ReadOnlySpan<byte> message) => message.Length >= MessageHeader && message.Length >= MessageHeader + LengthOf(message);

    private static int LengthOf(ReadOnlySpan<byte> message) => (message[1] << 16) | BinaryPrimitives.ReadUInt16BigEndian(message[2..]);

    // RFC 8446 section 4.1.2. Null when lengths do not fit.
    private static ClientHello? Parse(ReadOnlySpan<byte> message)
    {
        var hello = new SpanCursor(message);
        hello.Skip(2 + 32); // legacy_version, random
        hello.Take(hello.ReadByte()); // legacy_session_id
        hello.Take(hello.ReadUInt16()); // cipher_suites
        hello.Take(hello.ReadByte()); // legacy_compression_methods

        string? serverName = null;
        List<string> protocols = [];
        var extensions = new SpanCursor(hello.IsAtEnd ? [] : hello.Take(hello.ReadUInt16()));
        while (extensions is { IsAtEnd: false, HasFailed: false })
        {
            var type = extensions.ReadUInt16();
            var data = new SpanCursor(extensions.Take(extensions.ReadUInt16()));
            if (type == ServerNameExtension)
            {
                data.Skip(2); // RFC 6066 section 3: a list, with one name of type 0
                serverName = data.ReadByte() == 0 ? Encoding.ASCII.GetString(data.Take(data.ReadUInt16())) : null;
            }
            else if (type == ProtocolsExtension)
            {
                var list = new SpanCursor(data.Take(data.ReadUInt16()));
                while (list is { IsAtEnd: false, HasFailed: false })
                {
                    protocols.Add(Encoding.ASCII.GetString(list.Take(list.ReadByte())));
                }

                data.HasFailed |= list.HasFailed;
            }

            extensions.HasFailed |= data.HasFailed;
        }

        return hello.HasFailed || extensions.HasFailed ? null : new ClientHello(serverName, protocols);
    }

    /// <summary>Reads on within a span; past its end it reads zeros and remembers that it failed.</summary>
    private ref struct SpanCursor(ReadOnlySpan<byte> rest)
    {
        private ReadOnlySpan<byte> _rest = rest;

        public bool HasFailed { get; set; }

        public readonly bool IsAtEnd => _rest.IsEmpty;

        public void Skip(int count) => Take(count);

        public byte ReadByte() => Take(1) is [var value] ? value : (byte)0;

        public int ReadUInt16() => Take(2) is { Length: 2 } value ? BinaryPrimitives.ReadUInt16BigEndian(value) : 0;

        public ReadOnlySpan<byte> Take(int count)
        {
            if (count > _rest.Length)
            {
                HasFailed = true;
                _rest = [];
                return [];
            }

            var taken = _rest[..count];
            _rest = _rest[count..];
            return taken;
        }
    }
}
