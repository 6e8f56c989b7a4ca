using Bench.Rows;

namespace Bench.Report;

/// <summary>What is said after each measurement.</summary>
internal static class ProgressLine
{
    public static string Of(Measurement m)
    {
        var figures = new[]
        {
            Part(m.ProcessorMicroseconds, "0.0", "us"), Part(m.UnitsPerSecond, "0", "/s"), Part(m.P50, "0.00", "ms p50"), Part(m.P99, "0.00", "ms p99"),
            Part(m.ConnectionKilobytes, "0.0", "KB each"), Part(m.StartMilliseconds, "0", "ms to start"), Part(m.MemoryMegabytes, "0", "MB"),
        };
        var line = $"{m.Round} {m.Row,-9}{m.Proxy,-12} {string.Join("  ", figures.Where(f => f.Length > 0))}";
        return line + (m.Foreign > 0.1 ? $"  [others took {m.Foreign:P0} of the machine]" : "") + (m.Errors > 0 ? $"  {m.Errors} ERRORS: {m.FirstError}" : "");
    }

    private static string Part(double? value, string format, string unit) =>
        value is { } number ? $"{number.ToString(format, null)} {unit}" : "";
}
