using Gateway.Certificates.Automatic;

namespace Gateway.Tests.Certificates.Automatic;

public sealed class SentenceTests
{
    [Theory]
    [InlineData("no such name", "no such name.")]
    [InlineData("no such name. ", "no such name.")]
    [InlineData("really?", "really?")]
    [InlineData("two\nlines", "two lines.")]
    [InlineData("", "")]
    public void EndsInOneFullStop(string text, string sentence) => Assert.Equal(sentence, Sentence.Of(text));

    [Fact]
    public void SaysEachThingOnce() => Assert.Equal("one. two.", Sentence.Join(["one", "two.", "one"]));
}
