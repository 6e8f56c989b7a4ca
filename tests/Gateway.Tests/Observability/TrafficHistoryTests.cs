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

    // The loop runs beside the test: each period is waited for.
    private async Task PassPeriodAsync(int looks)
    {
        _time.Advance(TrafficHistory.Period);
        while (Trend.PerSecond.Count < Math.Min(looks, TrafficHistory.Length))
        {
            await Task.Delay(5, TestContext.Current.CancellationToken);
        }
    }

    [Fact]
    public async Task EachPeriodHasItsRequestsAndErrorsASecond()
    {
        await _history.StartAsync(TestContext.Current.CancellationToken);
        for (var i = 0; i < 10; i++)
        {
            _traffic.Of("voice").Count(i == 0 ? 502 : 200, TimeSpan.FromMilliseconds(8), 0, 100);
        }

        await PassPeriodAsync(1);
        await PassPeriodAsync(2);

        Assert.Equal([2, 0], Trend.PerSecond);
        Assert.Equal([0.2, 0], Trend.ErrorsPerSecond);
        Assert.InRange(Trend.Median!.Value, 0.005, 0.01);
    }

    [Fact]
    public void ARouteWithoutTrafficHasNoLatency()
    {
        Assert.Empty(Trend.PerSecond);
        Assert.Null(Trend.Median);
        Assert.Null(Trend.Percentile95);
    }
}
