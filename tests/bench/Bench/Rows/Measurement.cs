using Bench.Load;

namespace Bench.Rows;

/// <summary>One row for one proxy in one round.</summary>
internal sealed record Measurement
{
    public required string Row { get; init; }

    public required string Proxy { get; init; }

    public int Round { get; init; }

    /// <summary>The proxy's user and system time for a unit, in microseconds.</summary>
    public double? ProcessorMicroseconds { get; init; }

    public double? UnitsPerSecond { get; init; }

    /// <summary>In milliseconds, as the client sees it.</summary>
    public double? P50 { get; init; }

    /// <summary>In milliseconds, as the client sees it.</summary>
    public double? P99 { get; init; }

    /// <summary>Proportional set size of all the proxy's processes after the row, in MB.</summary>
    public double? MemoryMegabytes { get; init; }

    /// <summary>Resident set size, pages that its processes share counted in each.</summary>
    public double? ResidentMegabytes { get; init; }

    /// <summary>Growth of the proportional set size by one idle connection, in KB.</summary>
    public double? ConnectionKilobytes { get; init; }

    /// <summary>From the start of the program to the first answer over TLS.</summary>
    public double? StartMilliseconds { get; init; }

    /// <summary>User and system time until then.</summary>
    public double? StartProcessorMilliseconds { get; init; }

    public long Units { get; init; }

    public double Seconds { get; init; }

    /// <summary>Wrong bytes, wrong order, wrong status, broken connections.</summary>
    public long Errors { get; init; }

    public string? FirstError { get; init; }

    /// <summary>Share of the machine that programs took that have nothing to do with the measurement.</summary>
    public double Foreign { get; init; }

    /// <param name="row">Its name.</param>
    /// <param name="proxy">Its name.</param>
    /// <param name="load">What the client saw.</param>
    /// <param name="used">What the proxy used meanwhile, and what others did.</param>
    /// <param name="memory">Of the proxy, in bytes.</param>
    public static Measurement Of(
        string row, string proxy, LoadResult load, (TimeSpan Proxy, double Foreign) used, (long Resident, long Proportional) memory) => new()
        {
            Row = row,
            Proxy = proxy,
            ProcessorMicroseconds = load.Units > 0 ? used.Proxy.TotalMicroseconds / load.Units : null,
            UnitsPerSecond = load.Seconds > 0 ? load.Units / load.Seconds : null,
            P50 = load.P50,
            P99 = load.P99,
            MemoryMegabytes = memory.Proportional / 1e6,
            ResidentMegabytes = memory.Resident / 1e6,
            Units = load.Units,
            Seconds = load.Seconds,
            Errors = load.Errors + (load.Units == 0 ? 1 : 0),
            FirstError = load.FirstError ?? (load.Units == 0 ? "nothing was done in the steady phase" : null),
            Foreign = used.Foreign,
        };
}
