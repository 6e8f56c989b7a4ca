using System.Buffers.Binary;

namespace Bench.Content;

/// <summary>Reads whole frames from a stream, as many bytes at once as there are.</summary>
internal sealed class FrameReader(Stream stream, int bufferSize)
{
    private byte[] _buffer = new byte[bufferSize];
    private int _start;
    private int _end;

    /// <summary>Bytes that were read before the first frame was asked for.</summary>
    public void Prepend(ReadOnlySpan<byte> bytes)
    {
        MakeRoom(bytes.Length);
        bytes.CopyTo(_buffer.AsSpan(_end));
        _end += bytes.Length;
    }

    public async ValueTask<Frame> ReadAsync()
    {
        while (true)
        {
            if (TryTake(out var frame, out var needed))
            {
                return frame;
            }

            MakeRoom(needed);
            var read = await stream.ReadAsync(_buffer.AsMemory(_end)).ConfigureAwait(false);
            if (read == 0)
            {
                return _end == _start ? new Frame(Frame.Ended, default) : throw new EndOfStreamException("the connection ended in the middle of a frame");
            }

            _end += read;
        }
    }

    private bool TryTake(out Frame frame, out int needed)
    {
        frame = default;
        var bytes = _buffer.AsSpan(_start, _end - _start);
        needed = 2;
        if (bytes.Length < needed)
        {
            return false;
        }

        if ((bytes[0] & 0xF0) != 0x80)
        {
            throw new InvalidDataException($"a frame begins with {bytes[0]:X2}: fragmented or compressed, though nobody asked for it");
        }

        var isMasked = (bytes[1] & 0x80) != 0;
        var size = bytes[1] & 0x7F;
        var header = 2 + (size == 126 ? 2 : size == 127 ? 8 : 0) + (isMasked ? 4 : 0);
        needed = header;
        if (bytes.Length < header)
        {
            return false;
        }

        var length = size switch
        {
            126 => BinaryPrimitives.ReadUInt16BigEndian(bytes[2..]),
            127 => checked((int)BinaryPrimitives.ReadUInt64BigEndian(bytes[2..])),
            _ => size,
        };
        needed = header + length;
        if (bytes.Length < needed)
        {
            return false;
        }

        var payload = _buffer.AsMemory(_start + header, length);
        if (isMasked)
        {
            Frame.Mask(payload.Span, BinaryPrimitives.ReadUInt32LittleEndian(bytes[(header - 4)..]));
        }

        frame = new Frame(bytes[0] & 0x0F, payload);
        _start += needed;
        return true;
    }

    private void MakeRoom(int needed)
    {
        if (_start == _end)
        {
            _start = _end = 0;
        }

        if (_buffer.Length - _start >= needed && _end < _buffer.Length)
        {
            return;
        }

        var held = _buffer.AsSpan(_start, _end - _start);
        var room = _buffer.Length >= needed ? _buffer : new byte[needed * 2];
        held.CopyTo(room);
        (_buffer, _start, _end) = (room, 0, held.Length);
    }
}
