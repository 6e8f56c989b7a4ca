using System.Buffers.Binary;

namespace Gateway.Proxying;

/// <summary>Follows one direction of a WebSocket from frame header to frame header (RFC 6455 section 5.2) without touching the
/// bytes, to know how much passed and with which code the sender closed.</summary>
internal sealed class WebSocketFrames
{
    private const int CloseOpcode = 0x8;

    private readonly byte[] _header = new byte[14];
    private int _headerLength;
    private long _payloadLeft;
    private bool _inClose;
    private int _closeBytes;
    private int _closeCode;

    /// <summary>Bytes seen, frame headers included.</summary>
    public long Bytes { get; private set; }

    /// <summary>Text and binary messages whose last frame has begun.</summary>
    public long Messages { get; private set; }

    /// <summary>The sender has begun a close frame.</summary>
    public bool Closed { get; private set; }

    /// <summary>The code of that close frame; null when it has none (RFC 6455 section 7.1.5: 1005).</summary>
    public int? CloseCode => Closed && _closeBytes >= 2 ? _closeCode : null;

    /// <summary>How many bytes at least belong to the frame that has begun; 0 between two frames.</summary>
    public long BytesToBoundary => _payloadLeft > 0 ? _payloadLeft : _headerLength > 0 ? 1 : 0;

    public void Observe(ReadOnlySpan<byte> bytes)
    {
        Bytes += bytes.Length;
        while (!bytes.IsEmpty)
        {
            if (_payloadLeft > 0)
            {
                var taken = (int)Math.Min(_payloadLeft, bytes.Length);
                if (_inClose)
                {
                    ReadCloseCode(bytes[..taken]);
                }

                _payloadLeft -= taken;
                bytes = bytes[taken..];
            }
            else
            {
                _header[_headerLength++] = bytes[0];
                bytes = bytes[1..];
                if (_headerLength >= 2 && _headerLength == HeaderSize())
                {
                    BeginPayload();
                }
            }
        }
    }

    private bool IsMasked => (_header[1] & 0x80) != 0;

    private int HeaderSize()
    {
        var length = (_header[1] & 0x7F) switch { 126 => 4, 127 => 10, _ => 2 };
        return IsMasked ? length + 4 : length;
    }

    private void BeginPayload()
    {
        _payloadLeft = (_header[1] & 0x7F) switch
        {
            126 => BinaryPrimitives.ReadUInt16BigEndian(_header.AsSpan(2)),
            // A length beyond 63 bits is the sender's protocol error, for the receiver to judge; here it only must not go negative.
            127 => (long)(BinaryPrimitives.ReadUInt64BigEndian(_header.AsSpan(2)) & long.MaxValue),
            var length => length,
        };
        // FIN, and no control frame.
        if ((_header[0] & 0x88) == 0x80)
        {
            Messages++;
        }

        _inClose = !Closed && (_header[0] & 0x0F) == CloseOpcode;
        Closed |= _inClose;
        _headerLength = 0;
    }

    private void ReadCloseCode(ReadOnlySpan<byte> payload)
    {
        for (var i = 0; i < payload.Length && _closeBytes < 2; i++)
        {
            // A client's payload is masked with the four bytes that end its header (section 5.3).
            var mask = IsMasked ? _header[HeaderSize() - 4 + _closeBytes] : 0;
            _closeCode = (_closeCode << 8) | (byte)(payload[i] ^ mask);
            _closeBytes++;
        }
    }
}
