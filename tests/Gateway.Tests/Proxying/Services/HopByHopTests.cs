using Gateway.Proxying.Services;

namespace Gateway.Tests.Proxying.Services;

public sealed class HopByHopTests
{
    [Theory]
    [InlineData("Connection")]
    [InlineData("connection")]
    [InlineData("KEEP-ALIVE")]
    [InlineData("te")]
    [InlineData("TE")]
    [InlineData("Transfer-Encoding")]
    [InlineData("alt-svc")]
    [InlineData("Upgrade-Insecure-Requests")]
    [InlineData("http2-settings")]
    [InlineData(":authority")]
    public void IsLeftOutInAnyCase(string name) => Assert.True(HopByHop.Contains(name));

    [Theory]
    [InlineData("")]
    [InlineData("Connectiom")]
    [InlineData("Closf")]
    [InlineData("Content-Length")]
    [InlineData("Host")]
    [InlineData("ET")]
    [InlineData("User-Agent")]
    [InlineData("X-Upgrade")]
    [InlineData("2E")]
    [InlineData("~TE")]
    [InlineData("Transfer-Encoding-That-Nobody-Has-Heard-Of-And-That-Is-Long")]
    public void GoesOn(string name) => Assert.False(HopByHop.Contains(name));
}
