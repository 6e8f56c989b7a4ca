using System.Buffers;

namespace Gateway.Boundary.Limits;

/// <summary>Counts the frames (RFC 9113 section 4.1) of what an HTTP/2 client sends that carry no data; which HEADERS begin a request that
/// is served is not to be seen here.</summary>
internal struct ControlFrameCounter()
{
    private const int Preface = 24;
    private const int LengthTypeAndFlags = 5;
    private const int StreamIdentifier = 4;

    private const int Data = 0;
    private const int Headers = 1;
    private const int Continuation = 9;
    private const int EndStream = 1;

    // A large one counts as several: somebody has to decrypt it.
    private const int BytesOfOne = 256;

    private int _toSkip = Preface;
    private int _headBytes;
    private ulong _head;

    /// <param name="bytes">Each byte of the connection once, in whatever pieces.</param>
    public int Count(in ReadOnlySequence<byte> bytes)
    {
        var count = 0;
        foreach (var piece in bytes)
        {
            count += Count(piece.Span);
        }

        return count;
    }

    private int Count(ReadOnlySpan<byte> bytes)
    {
        var count = 0;
        while (_toSkip < bytes.Length)
        {
            _head = (_head << 8) | bytes[_toSkip];
            bytes = bytes[(_toSkip + 1)..];
            _toSkip = 0;
            if (++_headBytes == LengthTypeAndFlags)
            {
                var (length, type, flags) = ((int)(_head >> 16), (int)(_head >> 8) & 0xff, (int)_head & 0xff);
                count += Weight(length, type, flags);
                (_toSkip, _headBytes, _head) = (StreamIdentifier + length, 0, 0);
            }
        }

        _toSkip -= bytes.Length;
        return count;
    }

    private static int Weight(int length, int type, int flags) => type switch
    {
        Data when length > 0 || (flags & EndStream) != 0 => 0,
        Headers or Continuation => 1,
        _ => 1 + (length / BytesOfOne),
    };
}
