using System.Diagnostics;
using System.Globalization;

namespace Gateway.Observability;

/// <summary>What this process takes of the machine.</summary>
internal sealed record ProcessFigures(
    int Id, DateTimeOffset StartedAt, TimeSpan Processor, long ResidentBytes, long VirtualBytes, int Threads, int? OpenFiles, long? MaxFiles)
{
    public static ProcessFigures Read()
    {
        using var process = Process.GetCurrentProcess();
        return new ProcessFigures(
            process.Id, process.StartTime, process.TotalProcessorTime, process.WorkingSet64, process.VirtualMemorySize64, process.Threads.Count, OpenDescriptors(), MaxDescriptors());
    }

    private static int? OpenDescriptors() => OperatingSystem.IsLinux() ? Try(() => (int?)Directory.EnumerateFileSystemEntries("/proc/self/fd").Count()) : null;

    private static long? MaxDescriptors() => OperatingSystem.IsLinux()
        ? Try(() => File.ReadLines("/proc/self/limits")
            .Where(line => line.StartsWith("Max open files", StringComparison.Ordinal))
            .Select(line => long.TryParse(line["Max open files".Length..].Split(' ', StringSplitOptions.RemoveEmptyEntries)[0], NumberStyles.None, CultureInfo.InvariantCulture, out var soft) ? soft : (long?)null)
            .FirstOrDefault())
        : null;

    // Without a descriptor left there is none to count them with.
    private static T? Try<T>(Func<T?> read)
    {
        try
        {
            return read();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return default;
        }
    }
}
