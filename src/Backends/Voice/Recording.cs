using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace Backends.Voice;

/// <summary>A recording as every engine gets it: a 16 kHz mono 16-bit WAV file.</summary>
internal sealed record Recording(string WavPath, TimeSpan Duration)
{
    /// <summary>Longer recordings are refused, so that one upload cannot fill the disk (460 MB when decoded).</summary>
    public static readonly TimeSpan Longest = TimeSpan.FromHours(4);

    private const int HeaderLength = 44;

    /// <summary>Decodes <paramref name="source"/> into a new file, with memory for one block at a time.</summary>
    /// <exception cref="AudioException">No supported WAV file, or longer than <see cref="Longest"/>.</exception>
    public static Recording Write(Stream source, string wavPath, CancellationToken cancellationToken)
    {
        var decoder = WavDecoder.Open(source);
        using var file = new FileStream(wavPath, FileMode.Create, FileAccess.Write);
        file.Write(new byte[HeaderLength]);
        var resampler = new Resampler(decoder.SampleRate, SpeechActivity.SampleRate);
        var output = new List<short>();
        var block = new float[1024];
        long samples = 0;
        for (int count; (count = decoder.Read(block)) > 0;)
        {
            cancellationToken.ThrowIfCancellationRequested();
            output.Clear();
            resampler.Add(block.AsSpan(0, count), output);
            samples += output.Count;
            if (samples > (long)Longest.TotalSeconds * SpeechActivity.SampleRate)
            {
                throw new AudioException($"the recording is longer than {Longest.TotalHours:0} hours");
            }
            Write(file, CollectionsMarshal.AsSpan(output));
        }
        file.Position = 0;
        file.Write(Header(SpeechActivity.SampleRate, (uint)samples * sizeof(short)));
        return new Recording(wavPath, TimeSpan.FromSeconds((double)samples / SpeechActivity.SampleRate));
    }

    /// <summary>The 44 bytes before mono 16-bit samples.</summary>
    public static byte[] Header(int sampleRate, uint dataSize)
    {
        var header = new byte[HeaderLength];
        "RIFF"u8.CopyTo(header);
        BinaryPrimitives.WriteUInt32LittleEndian(header.AsSpan(4), HeaderLength - 8 + dataSize);
        "WAVEfmt "u8.CopyTo(header.AsSpan(8));
        BinaryPrimitives.WriteUInt32LittleEndian(header.AsSpan(16), 16);
        BinaryPrimitives.WriteUInt16LittleEndian(header.AsSpan(20), 1);
        BinaryPrimitives.WriteUInt16LittleEndian(header.AsSpan(22), 1);
        BinaryPrimitives.WriteInt32LittleEndian(header.AsSpan(24), sampleRate);
        BinaryPrimitives.WriteInt32LittleEndian(header.AsSpan(28), sampleRate * sizeof(short));
        BinaryPrimitives.WriteUInt16LittleEndian(header.AsSpan(32), sizeof(short));
        BinaryPrimitives.WriteUInt16LittleEndian(header.AsSpan(34), 16);
        "data"u8.CopyTo(header.AsSpan(36));
        BinaryPrimitives.WriteUInt32LittleEndian(header.AsSpan(40), dataSize);
        return header;
    }

    private static void Write(FileStream file, ReadOnlySpan<short> samples)
    {
        Span<byte> bytes = stackalloc byte[2048];
        while (!samples.IsEmpty)
        {
            var count = Math.Min(samples.Length, bytes.Length / sizeof(short));
            for (var i = 0; i < count; i++)
            {
                BinaryPrimitives.WriteInt16LittleEndian(bytes[(i * sizeof(short))..], samples[i]);
            }
            file.Write(bytes[..(count * sizeof(short))]);
            samples = samples[count..];
        }
    }
}
