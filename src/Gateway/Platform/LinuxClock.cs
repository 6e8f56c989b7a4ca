using System.Runtime.InteropServices;

namespace Gateway.Platform;

/// <summary>What the kernel knows about its clock.</summary>
internal static partial class LinuxClock
{
    // struct timex has 208 bytes on 64-bit systems; all zero asks without changing anything.
    private const int Size = 512;
    private const int NotSynchronized = 5;

    /// <summary>Whether a time service keeps it right; null where that cannot be asked.</summary>
    public static bool? IsSynchronized()
    {
        if (!OperatingSystem.IsLinux())
        {
            return null;
        }

        try
        {
            var state = Adjtimex(new byte[Size]);
            return state < 0 ? null : state != NotSynchronized;
        }
        catch (EntryPointNotFoundException)
        {
            return null;
        }
    }

    [LibraryImport("libc", EntryPoint = "adjtimex", SetLastError = true)]
    private static partial int Adjtimex([In, Out] byte[] timex);
}
