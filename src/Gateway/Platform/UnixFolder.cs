using System.Runtime.InteropServices;

namespace Gateway.Platform;

/// <summary>What the runtime does not do with folders: it opens none.</summary>
internal static partial class UnixFolder
{
    private const int ReadOnly = 0;
    private const int Writable = 2;
    private const int ReadOnlyFileSystem = 30;

    /// <exception cref="IOException">The folder cannot be opened, or the disk refuses.</exception>
    public static void Sync(string path)
    {
        var folder = Open(path, ReadOnly);
        if (folder < 0)
        {
            throw Failure(path);
        }

        try
        {
            if (Fsync(folder) != 0)
            {
                throw Failure(path);
            }
        }
        finally
        {
            _ = Close(folder);
        }
    }

    /// <summary>Whether the disk takes no writes from anybody.</summary>
    public static bool IsReadOnly(string path) =>
        !OperatingSystem.IsWindows() && Access(path, Writable) != 0 && Marshal.GetLastPInvokeError() == ReadOnlyFileSystem;

    private static IOException Failure(string path) =>
        new($"The folder {path} could not be written to the disk: {Marshal.GetLastPInvokeErrorMessage()}");

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Open(string path, int flags);

    [LibraryImport("libc", EntryPoint = "access", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Access(string path, int mode);

    [LibraryImport("libc", EntryPoint = "fsync", SetLastError = true)]
    private static partial int Fsync(int descriptor);

    [LibraryImport("libc", EntryPoint = "close", SetLastError = true)]
    private static partial int Close(int descriptor);
}
