using Gateway.Boundary.Limits;
using Gateway.Hosting;

namespace Gateway.Tests.Hosting;

public sealed class MemoryTrimTests
{
    [Theory]
    [InlineData(false, 10, 0, 10, 0)]
    [InlineData(false, 10_000, 9_000, 1_251)]
    [InlineData(true, 10_000, 1_250)]
    [InlineData(true, 200, 0)]
    [InlineData(false, 10_000, 0, 0)]
    [InlineData(true, 10_000, 0, 300, 20)]
    public void ACrowdThatHasLeftIsNoticedOnce(bool expected, params int[] open)
    {
        using var trim = new MemoryTrim(new ConnectionLimits(null!, null!), TimeProvider.System);

        Assert.Equal(expected, open.Select(trim.HasCrowdLeft).ToArray()[^1]);
    }

    [Fact]
    public void ALullIsWorthACollectionOnceAndOnlyAfterMuchWasAllocated()
    {
        const long Megabyte = 1024 * 1024;
        using var trim = new MemoryTrim(new ConnectionLimits(null!, null!), TimeProvider.System);

        Assert.False(trim.IsLull(Megabyte));
        Assert.False(trim.IsLull(Megabyte));
        Assert.False(trim.IsLull(30 * Megabyte));
        Assert.True(trim.IsLull(30 * Megabyte));
        Assert.False(trim.IsLull(30 * Megabyte));
    }
}
