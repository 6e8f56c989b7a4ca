using System.Globalization;
using System.Runtime.InteropServices;

namespace Gateway.Platform;

/// <summary>Processes and their parents, from /proc.</summary>
internal static partial class LinuxProcesses
{
    private const int PrSetChildSubreaper = 36;

    /// <summary>Processes whose parent ends become this process's children instead of init's, so that they can still be found.</summary>
    public static void AdoptOrphans() => _ = Prctl(PrSetChildSubreaper, 1, 0, 0, 0);

    /// <summary>Every process that runs now, with its parent; zombies left out.</summary>
    public static IReadOnlyList<(int Id, int Parent)> List()
    {
        var processes = new List<(int, int)>();
        foreach (var folder in Directory.EnumerateDirectories("/proc"))
        {
            if (int.TryParse(Path.GetFileName(folder), CultureInfo.InvariantCulture, out var id) && ReadParent(folder) is { } parent)
            {
                processes.Add((id, parent));
            }
        }

        return processes;
    }

    private static int? ReadParent(string folder)
    {
        try
        {
            // "4711 (name with) spaces) S 42 ...": the name may contain anything, so what counts begins after the last ')'.
            var stat = File.ReadAllText(Path.Combine(folder, "stat"));
            var fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
            return fields[0] is "Z" or "X" ? null : int.Parse(fields[1], CultureInfo.InvariantCulture);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // It ended between the listing and the look.
            return null;
        }
    }

    [LibraryImport("libc", EntryPoint = "prctl", SetLastError = true)]
    private static partial int Prctl(int option, nuint argument2, nuint argument3, nuint argument4, nuint argument5);
}
