using System.Buffers.Binary;
using Backends.Voice;
using FsCheck.Xunit;

namespace Gateway.Tests.Backends.Voice;

public sealed class WavDecoderTests
{
    [Theory]
    [InlineData(8, new byte[] { 128, 255, 0 }, new[] { 0f, 127 / 128f, -1f })]
    [InlineData(16, new byte[] { 0, 0, 0, 64, 0, 128 }, new[] { 0f, 0.5f, -1f })]
    [InlineData(24, new byte[] { 0, 0, 0, 0, 0, 64, 0, 0, 128 }, new[] { 0f, 0.5f, -1f })]
    [InlineData(32, new byte[] { 0, 0, 0, 0, 0, 0, 0, 64, 0, 0, 0, 128 }, new[] { 0f, 0.5f, -1f })]
    public void ReadsPcmOfEveryWidth(int bits, byte[] data, float[] samples) =>
        Assert.Equal(samples, Decode(Wav(1, 1, bits, data)));

    [Fact]
    public void ReadsFloatAndPutsWhatIsOutOfRangeRight() =>
        Assert.Equal([0.25f, 1f, -1f, 0f], Decode(Wav(3, 1, 32, Floats(0.25f, 7f, -9f, float.NaN))));

    [Fact]
    public void MixesChannelsIntoOne() => Assert.Equal([0.25f], Decode(Wav(3, 2, 32, Floats(0.75f, -0.25f))));

    [Fact]
    public void ReadsTheExtensibleFormat()
    {
        byte[] extension = [22, 0, 16, 0, 4, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0x10, 0, 0x80, 0, 0, 0xAA, 0, 0x38, 0x9B, 0x71];
        Assert.Equal([0.5f], Decode(Wav(0xFFFE, 1, 16, [0, 64], extension)));
    }

    [Fact]
    public void SkipsChunksThatItDoesNotKnow()
    {
        var wav = Wav(1, 1, 16, [0, 64]);
        Assert.Equal([0.5f], Decode([.. wav[..12], .. "LIST"u8, 3, 0, 0, 0, 1, 2, 3, 0, .. wav[12..]]));
    }

    [Theory]
    [InlineData(0u)]
    [InlineData(uint.MaxValue)]
    [InlineData(5000u)]
    public void ReadsToTheEndWhenTheSizeLies(uint size)
    {
        var wav = Wav(1, 1, 16, [0, 64, 0, 64]);
        BinaryPrimitives.WriteUInt32LittleEndian(wav.AsSpan(40), size);
        Assert.Equal([0.5f, 0.5f], Decode(wav));
    }

    [Fact]
    public void StopsWhereTheSamplesEndAndOtherChunksBegin() =>
        Assert.Equal([0.5f], Decode([.. Wav(1, 1, 16, [0, 64]), .. "LIST"u8, 4, 0, 0, 0, 1, 2, 3, 4]));

    [Fact]
    public void DropsALastIncompleteBlock() => Assert.Equal([0.5f], Decode(Wav(1, 2, 16, [0, 64, 0, 64, 9, 9, 9])));

    [Theory]
    [InlineData(22, 0, 0, "0 channels")]
    [InlineData(22, 200, 0, "200 channels")]
    [InlineData(24, 0, 0, "rate of 0")]
    [InlineData(32, 3, 0, "blocks of 3 bytes")]
    [InlineData(34, 12, 0, "12 bits")]
    [InlineData(20, 6, 0, "format 6")]
    [InlineData(16, 2, 0, "2 bytes long")]
    [InlineData(16, 255, 255, "65535 bytes long")]
    [InlineData(12, (byte)'x', (byte)'x', "before their format")]
    [InlineData(0, (byte)'x', (byte)'x', "RIFF")]
    public void RefusesAHeaderThatCannotBe(int offset, byte first, byte second, string told)
    {
        var wav = Wav(1, 1, 16, [0, 64]);
        (wav[offset], wav[offset + 1]) = (first, second);
        Assert.Contains(told, Assert.Throws<AudioException>(() => Decode(wav)).Message, StringComparison.Ordinal);
    }

    [Property(MaxTest = 1000)]
    public void NoBytesDoMoreThanBeRefused(byte[] bytes) => DecodeOrRefuse(bytes ?? []);

    [Property(MaxTest = 2000)]
    public void NoBytesAfterAGoodBeginningDoMoreThanBeRefused(byte[] bytes) =>
        DecodeOrRefuse([.. "RIFF\0\0\0\0WAVEfmt "u8, 16, 0, 0, 0, 1, 0, .. bytes ?? []]);

    [Property(MaxTest = 2000)]
    public void NoChangeOfAGoodFileDoesMoreThanBeRefused(ushort position, byte value, ushort cut)
    {
        var wav = Sounds.Wav(Sounds.Tone(0.01));
        wav[position % 60] = value;
        DecodeOrRefuse(wav[..(wav.Length - cut % wav.Length)]);
    }

    private static void DecodeOrRefuse(byte[] bytes)
    {
        try
        {
            Assert.All(Decode(bytes), sample => Assert.InRange(sample, -1f, 1f));
        }
        catch (AudioException refusal)
        {
            Assert.NotEmpty(refusal.Message);
        }
    }

    private static float[] Decode(byte[] wav)
    {
        var decoder = WavDecoder.Open(new MemoryStream(wav));
        var samples = new List<float>();
        var block = new float[7];
        for (int count; (count = decoder.Read(block)) > 0;)
        {
            samples.AddRange(block.AsSpan(0, count));
        }
        return [.. samples];
    }

    private static byte[] Wav(int tag, int channels, int bits, byte[] data, byte[]? extension = null)
    {
        using var stream = new MemoryStream();
        using var writer = new BinaryWriter(stream);
        writer.Write("RIFF\0\0\0\0WAVEfmt "u8);
        writer.Write(16 + (extension?.Length ?? 0));
        writer.Write((ushort)tag);
        writer.Write((ushort)channels);
        writer.Write(8000);
        writer.Write(8000 * channels * bits / 8);
        writer.Write((ushort)(channels * bits / 8));
        writer.Write((ushort)bits);
        writer.Write(extension ?? []);
        writer.Write("data"u8);
        writer.Write(data.Length);
        writer.Write(data);
        return stream.ToArray();
    }

    private static byte[] Floats(params float[] values) => [.. values.SelectMany(BitConverter.GetBytes)];
}
