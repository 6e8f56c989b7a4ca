namespace Gateway.Observability;

/// <summary>The answers of one status on one route. Written by every request: four additions, and nothing is allocated.</summary>
internal sealed class StatusTraffic(int status)
{
    private readonly long[] _buckets = new long[DurationBuckets.Count];
    private long _ticks;
    private long _received;
    private long _sent;

    public int Status => status;

    /// <summary>Of all requests together, in ticks.</summary>
    public TimeSpan Duration => new(Volatile.Read(ref _ticks));

    /// <summary>Bytes of requests' bodies.</summary>
    public long BytesReceived => Volatile.Read(ref _received);

    /// <summary>Bytes of answers' bodies.</summary>
    public long BytesSent => Volatile.Read(ref _sent);

    public void Count(TimeSpan duration, long received, long sent)
    {
        Interlocked.Increment(ref _buckets[DurationBuckets.IndexOf(duration)]);
        Interlocked.Add(ref _ticks, duration.Ticks);
        Interlocked.Add(ref _sent, sent);
        if (received > 0)
        {
            Interlocked.Add(ref _received, received);
        }
    }

    /// <summary>Adds the requests in each bucket to <paramref name="sums"/>.</summary>
    /// <returns>How many there are.</returns>
    public long AddTo(Span<long> sums)
    {
        var total = 0L;
        for (var i = 0; i < _buckets.Length; i++)
        {
            var count = Volatile.Read(ref _buckets[i]);
            sums[i] += count;
            total += count;
        }

        return total;
    }
}
