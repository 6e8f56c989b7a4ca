using System.Globalization;
using System.Runtime.InteropServices;
using System.Runtime.Versioning;

namespace Gateway.Platform;

/// <summary>The process's memory outside .NET's heap: the C library's, which OpenSSL allocates from, and the program's code.</summary>
[SupportedOSPlatform("linux")]
internal static partial class LinuxMemory
{
    // malloc.h
    private const int MaxArenas = -8;

    // sys/mman.h
    private const int DontNeed = 4;

    /// <summary>Two arenas for all threads. By itself glibc makes eight for each processor, as threads come, and each keeps what it had to
    /// hold once: 28 MB after eight minutes of calls on two processors.</summary>
    public static void LimitArenas()
    {
        try
        {
            _ = SetOption(MaxArenas, 2);
        }
        catch (EntryPointNotFoundException)
        {
            // musl has no arenas.
        }
    }

    /// <summary>Gives what is free back to the system.</summary>
    public static void Trim()
    {
        try
        {
            _ = TrimHeap(0);
        }
        catch (EntryPointNotFoundException)
        {
            // musl does it by itself.
        }
    }

    /// <summary>Takes the program's own machine code out of the process: what is used comes back from the system's cache of files, page by
    /// page, and what only starting needed stays out. For a program in one native file; elsewhere there is none.</summary>
    public static void ForgetCode()
    {
        if (!File.Exists("/proc/self/maps"))
        {
            return;
        }

        foreach (var line in File.ReadLines("/proc/self/maps"))
        {
            // proc_pid_maps(5): 55d0c8a00000-55d0c9b00000 r-xp 0003a000 08:01 1234 /usr/bin/gateway
            var fields = line.Split(' ', 6, StringSplitOptions.RemoveEmptyEntries);
            if (fields is [var range, "r-xp", _, _, _, var file] && file == Environment.ProcessPath)
            {
                var bounds = range.Split('-').Select(b => nuint.Parse(b, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture)).ToArray();
                _ = Advise(bounds[0], bounds[1] - bounds[0], DontNeed);
            }
        }
    }

    [LibraryImport("libc", EntryPoint = "madvise")]
    private static partial int Advise(nuint address, nuint length, int advice);

    [LibraryImport("libc", EntryPoint = "malloc_trim")]
    private static partial int TrimHeap(nuint pad);

    [LibraryImport("libc", EntryPoint = "mallopt")]
    private static partial int SetOption(int parameter, int value);
}
