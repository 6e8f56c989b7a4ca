using System.Diagnostics;

namespace Bench.Measuring;

/// <summary>Processor time between two moments.</summary>
internal sealed class Window(int processId)
{
    private readonly Snapshot _start = Snapshot.Take(processId);

    /// <returns>What the proxy used, and the share of the machine that others took: programs that have nothing to do with this.</returns>
    public (TimeSpan Proxy, double Foreign) Close()
    {
        var end = Snapshot.Take(processId);
        var foreign = end.Machine - _start.Machine - (end.Own - _start.Own);
        return (end.Proxy - _start.Proxy, Math.Max(0, foreign / (Stopwatch.GetElapsedTime(_start.At, end.At) * Environment.ProcessorCount)));
    }

    private sealed record Snapshot(long At, TimeSpan Proxy, TimeSpan Own, TimeSpan Machine)
    {
        public static Snapshot Take(int processId)
        {
            var proxy = ProcessTree.ProcessorTime(processId);
            return new Snapshot(Stopwatch.GetTimestamp(), proxy, ProcessTree.ProcessorTime(Environment.ProcessId), Measuring.Machine.BusyTime());
        }
    }
}
