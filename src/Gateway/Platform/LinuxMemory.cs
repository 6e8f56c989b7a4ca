using System.Runtime.InteropServices;
using System.Runtime.Versioning;

namespace Gateway.Platform;

/// <summary>The C library's own heap, which OpenSSL allocates from.</summary>
[SupportedOSPlatform("linux")]
internal static partial class LinuxMemory
{
    // malloc.h
    private const int MaxArenas = -8;

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

    [LibraryImport("libc", EntryPoint = "malloc_trim")]
    private static partial int TrimHeap(nuint pad);

    [LibraryImport("libc", EntryPoint = "mallopt")]
    private static partial int SetOption(int parameter, int value);
}
