using Backends.Video;
using FsCheck.Xunit;

namespace Gateway.Tests.Backends.Video;

public sealed class JpegHeaderTests
{
    [Fact]
    public void ReadsTheSizeOfAPicture()
    {
        Assert.Null(JpegHeader.Read(Pictures.Jpeg(1280, 720), out var header));
        Assert.Equal(new JpegHeader(1280, 720), header);
    }

    [Fact]
    public void FindsEveryCutPictureBroken()
    {
        var jpeg = Pictures.Jpeg(640, 480);
        Assert.All(Enumerable.Range(0, jpeg.Length), length => Assert.NotNull(JpegHeader.Read(jpeg.AsSpan(0, length), out _)));
    }

    [Theory]
    [InlineData(0, 100)]
    [InlineData(100, 0)]
    public void FindsAPictureWithoutAreaBroken(int width, int height) => Assert.NotNull(JpegHeader.Read(Pictures.Jpeg(width, height), out _));

    [Property(MaxTest = 2000)]
    public void NoBytesAfterAGoodBeginningDoMoreThanBeRefused(byte[] bytes) => JpegHeader.Read([0xFF, 0xD8, .. bytes ?? []], out _);

    [Property(MaxTest = 2000)]
    public void NoChangeOfAGoodPictureDoesMoreThanBeRefused(byte position, byte value)
    {
        var jpeg = Pictures.Jpeg(64, 64);
        jpeg[position % jpeg.Length] = value;
        JpegHeader.Read(jpeg, out _);
    }
}
