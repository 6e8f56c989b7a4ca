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

        Assert.False(trim.IsLull(Megabyte, At(0)));
        Assert.False(trim.IsLull(Megabyte, At(0)));
        Assert.False(trim.IsLull(30 * Megabyte, At(100)));
        Assert.False(trim.IsLull(30 * Megabyte, At(200)), "calls go on, and allocate nothing");
        Assert.True(trim.IsLull(30 * Megabyte, At(201)));
        Assert.False(trim.IsLull(30 * Megabyte, At(202)));

        static TimeSpan At(int milliseconds) => TimeSpan.FromMilliseconds(milliseconds);
    }
}
