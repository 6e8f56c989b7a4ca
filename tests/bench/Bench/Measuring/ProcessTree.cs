using System.Globalization;

namespace Bench.Measuring;

/// <summary>What a process and all that it has started have used, from /proc.</summary>
internal static class ProcessTree
{
    // sysconf(_SC_CLK_TCK) is 100 on every Linux that .NET runs on.
    private static readonly TimeSpan Tick = TimeSpan.FromMilliseconds(10);

    /// <summary>User and system time of all threads, with that of the children that have ended and were waited for.</summary>
    public static TimeSpan ProcessorTime(int root)
    {
        var ticks = 0L;
        foreach (var id in Members(root))
        {
            if (Stat(id) is { } stat)
            {
                ticks += stat.Ticks;
            }
        }

        return ticks * Tick;
    }

    /// <summary>Memory in bytes; pages that several processes share count once in the proportional sum.</summary>
    public static (long Resident, long Proportional) Memory(int root)
    {
        var (resident, proportional) = (0L, 0L);
        foreach (var line in Members(root).SelectMany(id => File.ReadLines($"/proc/{id}/smaps_rollup")))
        {
            resident += Kilobytes(line, "Rss:") * 1024;
            proportional += Kilobytes(line, "Pss:") * 1024;
        }

        return (resident, proportional);
    }

    private static long Kilobytes(string line, string name) =>
        line.StartsWith(name, StringComparison.Ordinal) ? long.Parse(line[name.Length..^2].Trim(), CultureInfo.InvariantCulture) : 0;

    private static List<int> Members(int root)
    {
        var parents = new Dictionary<int, int>();
        foreach (var folder in Directory.EnumerateDirectories("/proc"))
        {
            if (int.TryParse(Path.GetFileName(folder.AsSpan()), out var id) && Stat(id) is { } stat)
            {
                parents[id] = stat.Parent;
            }
        }

        var members = new List<int> { root };
        for (var i = 0; i < members.Count; i++)
        {
            members.AddRange(parents.Where(p => p.Value == members[i]).Select(p => p.Key));
        }

        return members;
    }

    private static (int Parent, long Ticks)? Stat(int id)
    {
        try
        {
            var text = File.ReadAllText($"/proc/{id}/stat");
            // The name before may contain anything. Behind it: state, ppid, ...; utime, stime, cutime and cstime are fields 14 to 17 of proc(5).
            var fields = text[(text.LastIndexOf(')') + 2)..].Split(' ');
            return (int.Parse(fields[1], CultureInfo.InvariantCulture), fields[11..15].Sum(f => long.Parse(f, CultureInfo.InvariantCulture)));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // It has ended meanwhile.
            return null;
        }
    }
}
