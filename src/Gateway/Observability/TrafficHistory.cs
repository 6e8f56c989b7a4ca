namespace Gateway.Observability;

/// <summary>The last minutes of each route, for people: looked at every few seconds, whether somebody watches or not.</summary>
internal sealed class TrafficHistory(Traffic traffic, TimeProvider time) : BackgroundService
{
    public static readonly TimeSpan Period = TimeSpan.FromSeconds(5);

    /// <summary>Periods that are kept.</summary>
    public const int Length = 60;

    // What "latency now" means.
    private const int Recent = 12;

    private readonly Dictionary<string, Queue<TrafficTotals>> _routes = [];
    private readonly Lock _lock = new();

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Period, time);
        Look();
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            Look();
        }
    }

    public TrafficTrend Of(RouteTraffic route)
    {
        TrafficTotals[] kept;
        lock (_lock)
        {
            kept = _routes.TryGetValue(route.RouteId, out var queue) ? [.. queue] : [];
        }

        if (kept.Length == 0)
        {
            kept = [new TrafficTotals(0, 0, 0, 0, 0, new long[DurationBuckets.Count])];
        }

        var now = route.Totals();
        var reference = kept[Math.Max(0, kept.Length - 1 - Recent)];
        var recent = now.Buckets.Zip(reference.Buckets, static (after, before) => after - before).ToArray();
        return new TrafficTrend(
            [.. kept.Zip(kept.Skip(1), static (before, after) => PerSecond(after.Requests - before.Requests))],
            [.. kept.Zip(kept.Skip(1), static (before, after) => PerSecond(after.ServerErrors - before.ServerErrors))],
            DurationBuckets.Quantile(recent, 0.5),
            DurationBuckets.Quantile(recent, 0.95));
    }

    private static double PerSecond(long count) => Math.Round(count / Period.TotalSeconds, 1);

    /// <summary>Notes how far each route is.</summary>
    internal void Look()
    {
        lock (_lock)
        {
            foreach (var route in traffic.Routes)
            {
                if (!_routes.TryGetValue(route.RouteId, out var queue))
                {
                    // It had no traffic before.
                    queue = _routes[route.RouteId] = new Queue<TrafficTotals>([new TrafficTotals(0, 0, 0, 0, 0, new long[DurationBuckets.Count])]);
                }

                queue.Enqueue(route.Totals());
                if (queue.Count > Length + 1)
                {
                    queue.Dequeue();
                }
            }
        }
    }
}

/// <summary>The last minutes of a route.</summary>
/// <param name="PerSecond">Requests a second in each period of <see cref="TrafficHistory.Period"/>, the last one last.</param>
/// <param name="ErrorsPerSecond">Answers of 500 and above among them.</param>
/// <param name="Median">Of the durations in the last minute, in seconds; null without requests.</param>
/// <param name="Percentile95">Likewise.</param>
internal sealed record TrafficTrend(IReadOnlyList<double> PerSecond, IReadOnlyList<double> ErrorsPerSecond, double? Median, double? Percentile95);
