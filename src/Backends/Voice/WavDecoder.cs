using System.Buffers.Binary;

namespace Backends.Voice;

/// <summary>
/// Reads a WAV file front to back as mono samples from -1 to 1: PCM of 8, 16, 24 or 32 bits and 32-bit float.
/// Headers lie (recorders that were cut off, encoders that wrote to a pipe), so no size in them is trusted.
/// </summary>
internal sealed class WavDecoder
{
    private const int Pcm = 1;
    private const int Float = 3;
    private const int Extensible = 0xFFFE;
    private const int LongestFormatChunk = 4096;

    private readonly Stream _stream;
    private readonly int _channels;
    private readonly int _bytes;
    private readonly bool _isFloat;
    private readonly byte[] _block;
    private long _left;

    private WavDecoder(Stream stream, ReadOnlySpan<byte> format, uint dataSize)
    {
        var tag = BinaryPrimitives.ReadUInt16LittleEndian(format);
        var bits = BinaryPrimitives.ReadUInt16LittleEndian(format[14..]);
        if (tag == Extensible)
        {
            // The first two bytes of the sub-format GUID are the tag; the rest of it never varies.
            tag = format.Length >= 26 ? BinaryPrimitives.ReadUInt16LittleEndian(format[24..]) : throw Broken("its extensible format is cut off");
        }
        _stream = stream;
        _channels = BinaryPrimitives.ReadUInt16LittleEndian(format[2..]);
        SampleRate = (int)Math.Min(int.MaxValue, BinaryPrimitives.ReadUInt32LittleEndian(format[4..]));
        _bytes = bits / 8;
        _isFloat = tag == Float;
        var blockAlign = BinaryPrimitives.ReadUInt16LittleEndian(format[12..]);
        if (!(tag == Pcm && bits is 8 or 16 or 24 or 32) && !(tag == Float && bits == 32))
        {
            throw Broken($"format {tag} with {bits} bits is neither PCM of 8, 16, 24 or 32 bits nor 32-bit float");
        }
        if (_channels is 0 or > 64)
        {
            throw Broken($"it names {_channels} channels");
        }
        if (SampleRate is < 1000 or > 768_000)
        {
            throw Broken($"it names a rate of {SampleRate} samples a second");
        }
        if (blockAlign != _channels * _bytes)
        {
            throw Broken($"blocks of {blockAlign} bytes do not hold {_channels} channels of {bits} bits");
        }
        // 0 and 0xFFFFFFFF are what encoders leave when they could not come back to fill in the size.
        _left = dataSize is 0 or uint.MaxValue ? long.MaxValue : dataSize;
        _block = new byte[_channels * _bytes * 1024];
    }

    /// <summary>Samples a second, 1000 to 768000.</summary>
    public int SampleRate { get; }

    /// <summary>Whether the first 12 bytes are a WAV file's.</summary>
    public static bool IsWav(ReadOnlySpan<byte> start) =>
        start.Length >= 12 && start[..4].SequenceEqual("RIFF"u8) && start[8..12].SequenceEqual("WAVE"u8);

    /// <summary>Reads the header, up to the first sample.</summary>
    /// <exception cref="AudioException">It is no WAV file, or of a kind that is not supported.</exception>
    public static WavDecoder Open(Stream stream)
    {
        Span<byte> header = stackalloc byte[12];
        if (stream.ReadAtLeast(header, header.Length, throwOnEndOfStream: false) < header.Length || !IsWav(header))
        {
            throw Broken("it does not begin with RIFF and WAVE");
        }
        byte[]? format = null;
        while (stream.ReadAtLeast(header[..8], 8, throwOnEndOfStream: false) == 8)
        {
            var size = BinaryPrimitives.ReadUInt32LittleEndian(header[4..]);
            if (header[..4].SequenceEqual("data"u8))
            {
                return new WavDecoder(stream, format ?? throw Broken("its samples come before their format"), size);
            }
            if (header[..4].SequenceEqual("fmt "u8))
            {
                if (size is < 16 or > LongestFormatChunk)
                {
                    throw Broken($"its format chunk is {size} bytes long");
                }
                format = new byte[size];
                if (stream.ReadAtLeast(format, format.Length, throwOnEndOfStream: false) < format.Length)
                {
                    break;
                }
                size = 0;
            }
            Skip(stream, size + (BinaryPrimitives.ReadUInt32LittleEndian(header[4..]) & 1L));
        }
        throw Broken("it ends before its samples");
    }

    /// <summary>Fills <paramref name="samples"/> with mono samples; 0 at the end. A last, incomplete block is dropped.</summary>
    public int Read(Span<float> samples)
    {
        var frame = _channels * _bytes;
        var want = (int)Math.Min(_left, Math.Min(_block.Length, samples.Length * frame));
        var got = _stream.ReadAtLeast(_block.AsSpan(0, want), want, throwOnEndOfStream: false);
        _left -= got;
        var count = got / frame;
        for (var i = 0; i < count; i++)
        {
            var sum = 0f;
            for (var channel = 0; channel < _channels; channel++)
            {
                sum += Sample(_block.AsSpan(i * frame + channel * _bytes));
            }
            samples[i] = sum / _channels;
        }
        return count;
    }

    private float Sample(ReadOnlySpan<byte> bytes)
    {
        if (_isFloat)
        {
            var value = BinaryPrimitives.ReadSingleLittleEndian(bytes);
            return float.IsFinite(value) ? Math.Clamp(value, -1f, 1f) : 0f;
        }
        return _bytes switch
        {
            1 => (bytes[0] - 128) / 128f,
            2 => BinaryPrimitives.ReadInt16LittleEndian(bytes) / 32768f,
            3 => ((bytes[0] << 8) | (bytes[1] << 16) | (bytes[2] << 24)) / 2147483648f,
            _ => BinaryPrimitives.ReadInt32LittleEndian(bytes) / 2147483648f,
        };
    }

    private static void Skip(Stream stream, long count)
    {
        Span<byte> buffer = stackalloc byte[1024];
        while (count > 0)
        {
            var read = stream.Read(buffer[..(int)Math.Min(count, buffer.Length)]);
            if (read == 0)
            {
                return;
            }
            count -= read;
        }
    }

    private static AudioException Broken(string reason) => new($"this WAV file cannot be read: {reason}");
}
