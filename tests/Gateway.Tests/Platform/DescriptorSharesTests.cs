using Gateway.Platform;
using Gateway.Proxying;

namespace Gateway.Tests.Platform;

public sealed class DescriptorSharesTests
{
    [Theory]
    [InlineData(256, 226)]
    [InlineData(1024, 226)]
    [InlineData(65_536, 226)]
    public void ClientsLeaveSomeToServicesAndBothLeaveSomeToTheProcess(int limit, int taken)
    {
        var shares = DescriptorShares.Of(limit, taken);

        Assert.InRange(shares.EndOfClients(0), taken + 4, shares.EndOfServices(0) - 4);
        Assert.InRange(shares.EndOfServices(100), taken + 4, limit - 8);
    }

    [Fact]
    public void WhatIsLoadedLaterIsTakenFromWhatWasKeptForIt()
    {
        var shares = DescriptorShares.Of(1024, 226);

        Assert.Equal(shares.EndOfServices(0) + 4, shares.EndOfServices(2));
        Assert.Equal(shares.EndOfServices(1000), shares.EndOfServices(2000));
    }

    [Fact]
    public void TwentyThousandProxiedConnectionsFitIntoTheLimitOfTheUnit() =>
        Assert.InRange(DescriptorShares.Of(65_536, 300).EndOfClients(0) - 300, 40_000, 65_536);
}
