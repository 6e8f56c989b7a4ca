using Gateway.Acme;

namespace Gateway.Tests.Acme;

public sealed class IdentifierTests
{
    [Theory]
    [InlineData("Example.COM", "dns", "example.com")]
    [InlineData("example.com.", "dns", "example.com")]
    [InlineData("*.example.com", "dns", "*.example.com")]
    [InlineData("bücher.example", "dns", "xn--bcher-kva.example")]
    [InlineData("*.bücher.example", "dns", "*.xn--bcher-kva.example")]
    [InlineData("192.0.2.1", "ip", "192.0.2.1")]
    [InlineData("2001:DB8:0:0::1", "ip", "2001:db8::1")]
    public void ReadsNamesAndAddresses(string text, string type, string value) =>
        Assert.Equal(new AcmeIdentifier(type, value), AcmeIdentifier.Parse(text));

    [Theory]
    [InlineData("")]
    [InlineData("*.")]
    [InlineData("a b")]
    [InlineData("https://example.com")]
    [InlineData("a.*.example.com")]
    public void RefusesWhatIsNeither(string text)
    {
        var error = Assert.Throws<FormatException>(() => AcmeIdentifier.Parse(text));
        Assert.Contains($"'{text}'", error.Message);
    }

    [Fact]
    public void KnowsAWildcard()
    {
        Assert.True(AcmeIdentifier.Parse("*.example.com").IsWildcard);
        Assert.False(AcmeIdentifier.Parse("example.com").IsWildcard);
    }
}
