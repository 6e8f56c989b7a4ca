using System.Net;
using Gateway.Boundary.Limits;

namespace Gateway.Tests.Boundary.Limits;

public sealed class OccupancyTests
{
    [Theory]
    [InlineData("192.0.2.1", "192.0.2.1", true)]
    [InlineData("192.0.2.1", "192.0.2.2", false)]
    [InlineData("192.0.2.1", "::ffff:192.0.2.1", true)]
    [InlineData("2001:db8:1:2::1", "2001:db8:1:2:ffff::9", true)]
    [InlineData("2001:db8:1:2::1", "2001:db8:1:3::1", false)]
    [InlineData("::1", "192.0.2.1", false)]
    public void OneClientIsAnAddressOrAnIPv6Network(string one, string other, bool same) =>
        Assert.Equal(same, ClientNetwork.Of(IPAddress.Parse(one)) == ClientNetwork.Of(IPAddress.Parse(other)));

    [Theory]
    [InlineData("192.0.2.1", "192.0.2.1")]
    [InlineData("2001:db8:1:2::1", "2001:db8:1:2::/64")]
    public void ReadsAsTheOperatorWouldWriteIt(string address, string text) => Assert.Equal(text, ClientNetwork.Of(IPAddress.Parse(address)).ToString());

    [Fact]
    public void APlaceThatWasGivenBackCanBeTakenAgain()
    {
        var occupancy = new Occupancy();
        var (one, other) = (IPAddress.Parse("192.0.2.1"), IPAddress.Parse("192.0.2.2"));
        Assert.Equal(Entry.Granted, occupancy.TryEnter(one, 3, 2));
        Assert.Equal(Entry.Granted, occupancy.TryEnter(one, 3, 2));
        Assert.Equal(Entry.FullForClient, occupancy.TryEnter(one, 3, 2));
        Assert.Equal(Entry.Granted, occupancy.TryEnter(other, 3, 2));
        Assert.Equal(Entry.Full, occupancy.TryEnter(other, 3, 2));

        occupancy.Leave(one);

        Assert.Equal(Entry.Granted, occupancy.TryEnter(one, 3, 2));
        Assert.Equal(3, occupancy.Total);
    }

    [Fact]
    public async Task CountsRightWhenManyComeAndGoAtOnce()
    {
        var occupancy = new Occupancy();
        await Task.WhenAll(Enumerable.Range(0, 8).Select(client => Task.Run(() =>
        {
            var address = IPAddress.Parse($"192.0.2.{client % 2}");
            for (var i = 0; i < 20_000; i++)
            {
                if (occupancy.TryEnter(address, 6, 3) == Entry.Granted)
                {
                    Assert.InRange(occupancy.Total, 1, 6 + 8);
                    occupancy.Leave(address);
                }
            }
        })));

        Assert.Equal(0, occupancy.Total);
        for (var i = 0; i < 3; i++)
        {
            Assert.Equal(Entry.Granted, occupancy.TryEnter(IPAddress.Parse("192.0.2.1"), 6, 3));
        }

        Assert.Equal(Entry.FullForClient, occupancy.TryEnter(IPAddress.Parse("192.0.2.1"), 6, 3));
    }
}
