using Gateway.Boundary.Limits;
using Gateway.Hosting.Transport;
using Gateway.Platform;

namespace Gateway.Hosting;

/// <summary>Gives memory back to the system after the start, when a crowd has left, and in a lull. .NET collects when it needs memory, and a
/// gateway that has become quiet needs none: what thousands of handshakes or calls took would stay with it until the next crowd. glibc keeps what
/// lies free between two blocks that do not, and would grow for as long as calls come and go.</summary>
internal sealed class MemoryTrim(ConnectionLimits connections, TimeProvider time) : BackgroundService
{
    private const int Crowd = 200;

    // The collection stops everything for as long as it takes to move what is left.
    private const int LeftOfCrowd = 8;

    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(0.5);
    private const int IntervalsOfCrowd = 20;

    // A collection is worth it after so much was allocated, and hurts nobody while next to nothing is.
    private const long WorthIt = 8 * 1024 * 1024;
    private const long Lull = 128 * 1024;
    private static readonly TimeSpan LullTime = TimeSpan.FromMilliseconds(10);

    // By then it serves, and what only starting took is garbage.
    private static readonly TimeSpan AfterStart = TimeSpan.FromSeconds(1);

    private int _most;
    private long _allocated;
    private TimeSpan _used;
    private long _allocatedAtCollection;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await Task.Delay(AfterStart, time, stoppingToken);
        Trim(isCollected: true);
        if (OperatingSystem.IsLinux())
        {
            LinuxMemory.ForgetCode();
        }

        using var timer = new PeriodicTimer(Interval, time);
        for (var i = 1; await timer.WaitForNextTickAsync(stoppingToken); i++)
        {
            var isLull = IsLull(GC.GetTotalAllocatedBytes(), Environment.CpuUsage.TotalTime);
            if (i % IntervalsOfCrowd == 0)
            {
                Trim(isCollected: HasCrowdLeft(connections.Open) || isLull);
            }
            else if (isLull)
            {
                Trim(isCollected: true);
            }
        }
    }

    private static void Trim(bool isCollected)
    {
        if (isCollected)
        {
            LargeBlocks.Shared.Trim();
            GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
        }

        if (OperatingSystem.IsLinux())
        {
            LinuxMemory.Trim();
        }
    }

    /// <summary>Whether much was allocated, and now nothing happens; true once.</summary>
    /// <param name="allocated">Bytes since the start.</param>
    /// <param name="used">Processor time since the start.</param>
    internal bool IsLull(long allocated, TimeSpan used)
    {
        var isQuiet = allocated - _allocated < Lull && used - _used < LullTime;
        (_allocated, _used) = (allocated, used);
        if (!isQuiet || allocated - _allocatedAtCollection < WorthIt)
        {
            return false;
        }

        _allocatedAtCollection = allocated;
        return true;
    }

    /// <summary>Whether of a crowd an eighth at most is left; true once for each crowd.</summary>
    /// <param name="open">Connections now.</param>
    internal bool HasCrowdLeft(int open)
    {
        _most = Math.Max(_most, open);
        if (_most < Crowd || open > _most / LeftOfCrowd)
        {
            return false;
        }

        _most = open;
        return true;
    }
}
