using System.Runtime.InteropServices;

namespace Gateway.Platform;

/// <summary>File descriptors by number, as other programs hand them over.</summary>
internal static partial class LinuxDescriptors
{
    private const int FdCloseOnExec = 1;
    private const int SetDescriptorFlags = 2;
    private const int DuplicateCloseOnExec = 1030;

    /// <summary>Whether programs that this process starts get the descriptor as well.</summary>
    /// <returns>False when there is no such descriptor.</returns>
    public static bool SetInheritable(int descriptor, bool inheritable) =>
        Fcntl(descriptor, SetDescriptorFlags, inheritable ? 0 : FdCloseOnExec) == 0;

    /// <summary>A second descriptor of the same file, which other programs do not get.</summary>
    /// <returns>A negative number when that failed.</returns>
    public static int Duplicate(int descriptor) => Fcntl(descriptor, DuplicateCloseOnExec, 0);

    [LibraryImport("libc", EntryPoint = "fcntl", SetLastError = true)]
    private static partial int Fcntl(int descriptor, int command, nint argument);
}
