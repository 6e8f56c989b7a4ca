using Gateway.Observability;
using Microsoft.Extensions.Time.Testing;

namespace Gateway.Tests.Observability;

public sealed class TrafficHistoryTests : IDisposable
{
    private readonly FakeTimeProvider _time = new();
    private readonly Traffic _traffic;
    private readonly TrafficHistory _history;

    public TrafficHistoryTests()
    {
        _traffic = new Traffic(_time);
        _history = new TrafficHistory(_traffic, _time);
    }

    public void Dispose() => _history.Dispose();

    private TrafficTrend Trend => _history.Of(_traffic.Of("voice"));

    [Fact]
    public void EachPeriodHasItsRequestsAndErrorsASecond()
    {
        _history.Look();
        for (var i = 0; i < 10; i++)
        {
            _traffic.Of("voice").Count(i == 0 ? 502 : 200, TimeSpan.FromMilliseconds(8), 0, 100);
        }

        _history.Look();
        _history.Look();

        Assert.Equal([2, 0], Trend.PerSecond);
        Assert.Equal([0.2, 0], Trend.ErrorsPerSecond);
        Assert.InRange(Trend.Median!.Value, 0.005, 0.01);
    }

    [Fact]
    public void OnlyTheLastMinutesAreKept()
    {
        _traffic.Of("voice").Count(200, TimeSpan.FromMilliseconds(8), 0, 100);
        for (var i = 0; i < 200; i++)
        {
            _history.Look();
        }

        Assert.Equal(TrafficHistory.Length, Trend.PerSecond.Count);
        Assert.Equal(0, Trend.PerSecond.Sum());
        Assert.Null(Trend.Median);
    }

    [Fact]
    public void ARouteWithoutTrafficHasNoLatency()
    {
        Assert.Empty(Trend.PerSecond);
        Assert.Null(Trend.Median);
        Assert.Null(Trend.Percentile95);
    }
}
