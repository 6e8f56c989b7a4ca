namespace Gateway.Observability;

/// <summary>What has passed over one route since the start.</summary>
internal sealed class RouteTraffic(string routeId)
{
    private const int First = 100;
    private const int Last = 999;

    private readonly StatusTraffic?[] _byStatus = new StatusTraffic?[Last - First + 1];

    public string RouteId => routeId;

    public CallTraffic Calls { get; } = new();

    /// <summary>The statuses that were answered, in order.</summary>
    public IEnumerable<StatusTraffic> Statuses => _byStatus.OfType<StatusTraffic>();

    public void Count(int status, TimeSpan duration, long received, long sent)
    {
        ref var cell = ref _byStatus[Math.Clamp(status, First, Last) - First];
        (Volatile.Read(ref cell) ?? Create(ref cell, Math.Clamp(status, First, Last))).Count(duration, received, sent);
    }

    /// <summary>All statuses together.</summary>
    public TrafficTotals Totals()
    {
        var buckets = new long[DurationBuckets.Count];
        var (requests, clientErrors, serverErrors, received, sent) = (0L, 0L, 0L, 0L, 0L);
        foreach (var status in Statuses)
        {
            var count = status.AddTo(buckets);
            requests += count;
            clientErrors += status.Status is >= 400 and < 500 ? count : 0;
            serverErrors += status.Status >= 500 ? count : 0;
            received += status.BytesReceived;
            sent += status.BytesSent;
        }

        return new TrafficTotals(requests, clientErrors, serverErrors, received, sent, buckets);
    }

    private static StatusTraffic Create(ref StatusTraffic? cell, int status)
    {
        var created = new StatusTraffic(status);
        return Interlocked.CompareExchange(ref cell, created, null) ?? created;
    }
}

/// <summary>The sums of a route.</summary>
/// <param name="Buckets">Requests by duration; see <see cref="DurationBuckets"/>.</param>
internal sealed record TrafficTotals(long Requests, long ClientErrors, long ServerErrors, long BytesReceived, long BytesSent, long[] Buckets);
