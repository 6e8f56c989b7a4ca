namespace Gateway.Observability;

/// <summary>The buckets in which durations are counted: from what a cached answer takes to what a language model takes.</summary>
internal static class DurationBuckets
{
    /// <summary>Upper bounds in seconds; one more bucket has no bound.</summary>
    public static readonly double[] Bounds = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];

    private static readonly long[] Ticks = [.. Bounds.Select(bound => (long)(bound * TimeSpan.TicksPerSecond))];

    public static int Count => Bounds.Length + 1;

    public static int IndexOf(TimeSpan duration)
    {
        var ticks = duration.Ticks;
        var i = 0;
        while (i < Ticks.Length && ticks > Ticks[i])
        {
            i++;
        }

        return i;
    }

    /// <summary>The duration that a part of the requests stayed below, in seconds, as exactly as the buckets tell: within one it is taken
    /// that they are spread evenly.</summary>
    /// <param name="counts">Requests in each bucket.</param>
    /// <param name="part">0 to 1.</param>
    /// <returns>Null where there was no request.</returns>
    public static double? Quantile(ReadOnlySpan<long> counts, double part)
    {
        var total = 0L;
        foreach (var count in counts)
        {
            total += count;
        }

        if (total == 0)
        {
            return null;
        }

        var rank = part * total;
        var below = 0L;
        for (var i = 0; i < Bounds.Length; i++)
        {
            if (below + counts[i] >= rank && counts[i] > 0)
            {
                var from = i == 0 ? 0 : Bounds[i - 1];
                return from + ((Bounds[i] - from) * Math.Clamp((rank - below) / counts[i], 0, 1));
            }

            below += counts[i];
        }

        // Beyond the last bound nothing is known but that.
        return Bounds[^1];
    }
}
