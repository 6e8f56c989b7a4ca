using Backends.Voice;

namespace Gateway.Tests.Backends.Voice;

public sealed class ResamplerTests
{
    [Theory]
    [InlineData(8_000)]
    [InlineData(11_025)]
    [InlineData(16_000)]
    [InlineData(22_050)]
    [InlineData(44_100)]
    [InlineData(48_000)]
    [InlineData(96_000)]
    public void KeepsLengthAndPitchOfATone(int rate)
    {
        var source = Sounds.Tone(1, rate).Select(sample => sample / 32768f).ToArray();
        var result = Resampler.Convert(source, rate, 16_000);
        Assert.InRange(result.Length, 15_990, 16_001);
        Assert.InRange(RisingEdges(result), 438, 441);
        Assert.InRange(SpeechActivity.Level(result), -14, -13);
    }

    [Fact]
    public void TakesTheWholeAndItsPiecesAlike()
    {
        var source = Sounds.Tone(0.3, 44_100).Select(sample => sample / 32768f).ToArray();
        var resampler = new Resampler(44_100, 16_000);
        var pieces = new List<short>();
        foreach (var piece in source.Chunk(997))
        {
            resampler.Add(piece, pieces);
        }
        Assert.Equal(Resampler.Convert(source, 44_100, 16_000), pieces);
    }

    private static int RisingEdges(short[] samples) => samples.Zip(samples.Skip(1)).Count(pair => pair.First < 0 && pair.Second >= 0);
}
