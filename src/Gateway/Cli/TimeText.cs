using System.Globalization;

namespace Gateway.Cli;

/// <summary>Times as people read them: the date for the record, and how far away it is.</summary>
internal static class TimeText
{
    /// <summary><c>2026-11-23 04:12 UTC (in 3 hours)</c></summary>
    public static string Of(DateTimeOffset time, DateTimeOffset now)
    {
        var distance = time - now;
        var words = distance.Duration() < TimeSpan.FromMinutes(1) ? "now" : distance > TimeSpan.Zero ? $"in {Span(distance)}" : $"{Span(-distance)} ago";
        return string.Create(CultureInfo.InvariantCulture, $"{time.UtcDateTime:yyyy-MM-dd HH:mm} UTC ({words})");
    }

    private static string Span(TimeSpan span) =>
        span.TotalHours < 1 ? Count(span.TotalMinutes, "minute")
        : span.TotalDays < 2 ? Count(span.TotalHours, "hour")
        : Count(span.TotalDays, "day");

    private static string Count(double value, string unit)
    {
        var count = (int)Math.Floor(value);
        return count == 1 ? $"1 {unit}" : $"{count} {unit}s";
    }
}
