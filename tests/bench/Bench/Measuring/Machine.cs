using System.Globalization;

namespace Bench.Measuring;

/// <summary>The machine that was measured on.</summary>
internal static class Machine
{
    public static string Processor { get; } = File.ReadLines("/proc/cpuinfo")
        .FirstOrDefault(l => l.StartsWith("model name", StringComparison.Ordinal))?.Split(':')[1].Trim() ?? "unknown";

    public static string Kernel { get; } = File.ReadAllText("/proc/sys/kernel/osrelease").Trim();

    public static int MemoryGigabytes { get; } = (int)Math.Round(GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / 1e9);

    /// <summary>Processor time of everything on the machine, and what its host has taken away.</summary>
    public static TimeSpan BusyTime()
    {
        // user nice system idle iowait irq softirq steal
        var fields = File.ReadLines("/proc/stat").First().Split(' ', StringSplitOptions.RemoveEmptyEntries)[1..9]
            .Select(f => long.Parse(f, CultureInfo.InvariantCulture)).ToArray();
        return TimeSpan.FromMilliseconds(10) * (fields.Sum() - fields[3] - fields[4]);
    }
}
