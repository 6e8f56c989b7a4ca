using Gateway.Configuration;

namespace Gateway.Tests.Configuration;

public sealed class HashTests
{
    [Fact]
    public void AKeysHashIsWhatSha256SumPrints()
    {
        Assert.Equal("sha256:2c70e12b7a0646f92279f427c7b38e7334d8e5389cff167a1dc30e73f826b683", ApiKeyHash.Of("key").ToString());
        Assert.True(ApiKeyHash.TryParse("SHA256:2C70E12B7A0646F92279F427C7B38E7334D8E5389CFF167A1DC30E73F826B683")!.Matches(ApiKeyHash.Of("key")));
    }

    [Theory]
    [InlineData("")]
    [InlineData("2c70e12b7a0646f92279f427c7b38e7334d8e5389cff167a1dc30e73f826b683")]
    [InlineData("sha256:2c70e12b7a0646f92279f427c7b38e7334d8e5389cff167a1dc30e73f826b6")]
    [InlineData("sha256:2c70e12b7a0646f92279f427c7b38e7334d8e5389cff167a1dc30e73f826b68g")]
    [InlineData("sha512:2c70e12b7a0646f92279f427c7b38e7334d8e5389cff167a1dc30e73f826b683")]
    public void OtherTextIsNoHashOfAKey(string text) => Assert.Null(ApiKeyHash.TryParse(text));

    [Fact]
    public void KeysAreDifferentAndMayStandAnywhere()
    {
        var keys = Enumerable.Range(0, 100).Select(_ => ApiKeyHash.CreateKey()).ToArray();
        Assert.Equal(100, keys.Distinct().Count());
        Assert.All(keys, key => Assert.Matches("^gwk_[A-Za-z0-9_-]{43}$", key));
    }

    [Fact]
    public void APasswordIsVerifiedByTheHashOfItAlone()
    {
        var hash = PasswordHash.Of("correct horse");
        var read = PasswordHash.TryParse(hash.ToString())!;

        Assert.True(read.Verifies("correct horse"));
        Assert.False(read.Verifies("correct horse "));
        Assert.NotEqual(hash.ToString(), PasswordHash.Of("correct horse").ToString());
    }

    [Theory]
    [InlineData("")]
    [InlineData("secret")]
    [InlineData("pbkdf2-sha512:1000:AAAAAAAAAAAAAAAAAAAAAA==:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=")]
    [InlineData("pbkdf2-sha512:999999999:AAAAAAAAAAAAAAAAAAAAAA==:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=")]
    [InlineData("pbkdf2-sha512:210000:AAAA:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=")]
    [InlineData("pbkdf2-sha512:210000:AAAAAAAAAAAAAAAAAAAAAA==:AAAA")]
    [InlineData("pbkdf2-sha512:210000:AAAAAAAAAAAAAAAAAAAAAA==:***")]
    [InlineData("pbkdf2-sha1:210000:AAAAAAAAAAAAAAAAAAAAAA==:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=")]
    public void OtherTextIsNoHashOfAPassword(string text) => Assert.Null(PasswordHash.TryParse(text));
}
