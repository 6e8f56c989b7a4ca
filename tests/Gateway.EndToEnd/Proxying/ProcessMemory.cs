using System.Globalization;

namespace Gateway.EndToEnd.Proxying;

/// <summary>A process's resident memory as Linux counts it.</summary>
internal sealed class ProcessMemory
{
    private readonly int _processId;
    private readonly long _before;

    private ProcessMemory(int processId) => (_processId, _before) = (processId, Read(processId, "VmRSS"));

    /// <summary>Begins to watch for the peak.</summary>
    public static ProcessMemory Watch(int processId)
    {
        // proc(5): 5 sets the peak, VmHWM, back to what is resident now.
        File.WriteAllText($"/proc/{processId}/clear_refs", "5");
        return new ProcessMemory(processId);
    }

    /// <summary>By how many bytes the peak since then exceeds what was resident then.</summary>
    public long PeakGrowth() => Math.Max(0, Read(_processId, "VmHWM") - _before);

    /// <summary>How many bytes are resident now.</summary>
    public static long Resident(int processId) => Read(processId, "VmRSS");

    private static long Read(int processId, string name)
    {
        var line = File.ReadLines($"/proc/{processId}/status").First(l => l.StartsWith(name + ":", StringComparison.Ordinal));
        return long.Parse(line.Split([' ', '\t'], StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture) * 1024;
    }
}
