using Gateway.Observability;

namespace Gateway.Tests.Observability;

public sealed class DurationBucketsTests
{
    [Fact]
    public void ABoundBelongsToItsBucket()
    {
        for (var i = 0; i < DurationBuckets.Bounds.Length; i++)
        {
            var bound = TimeSpan.FromSeconds(DurationBuckets.Bounds[i]);
            Assert.Equal(i, DurationBuckets.IndexOf(bound));
            Assert.Equal(i + 1, DurationBuckets.IndexOf(bound + TimeSpan.FromTicks(1)));
        }

        Assert.Equal(0, DurationBuckets.IndexOf(TimeSpan.Zero));
        Assert.Equal(DurationBuckets.Count - 1, DurationBuckets.IndexOf(TimeSpan.FromDays(1)));
    }

    [Fact]
    public void AQuantileLiesWithinTheBucketOfItsRequest()
    {
        var counts = new long[DurationBuckets.Count];
        counts[3] = 90;
        counts[8] = 10;

        Assert.InRange(DurationBuckets.Quantile(counts, 0.5)!.Value, 0.005, 0.01);
        Assert.InRange(DurationBuckets.Quantile(counts, 0.95)!.Value, 0.25, 0.5);
        Assert.Null(DurationBuckets.Quantile(new long[DurationBuckets.Count], 0.5));
    }

    [Fact]
    public void BeyondTheLastBoundTheLastBoundIsAllThatIsKnown()
    {
        var counts = new long[DurationBuckets.Count];
        counts[^1] = 1;
        Assert.Equal(60, DurationBuckets.Quantile(counts, 0.95));
    }
}
