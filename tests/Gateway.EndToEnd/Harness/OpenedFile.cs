using System.ComponentModel;
using System.Runtime.InteropServices;
using System.Text;
using Microsoft.Win32.SafeHandles;

namespace Gateway.EndToEnd.Harness;

/// <summary>Tells whether a file was opened by anybody since (inotify(7)).</summary>
internal sealed class OpenedFile : IDisposable
{
    // sys/inotify.h
    private const uint Opened = 0x20;
    private const int NonBlocking = 0x800;

    private readonly SafeFileHandle _events;

    public OpenedFile(string path)
    {
        var descriptor = inotify_init1(NonBlocking);
        if (descriptor < 0 || inotify_add_watch(descriptor, Encoding.UTF8.GetBytes(path + "\0"), Opened) < 0)
        {
            throw new Win32Exception();
        }

        _events = new SafeFileHandle(descriptor, ownsHandle: true);
    }

    public bool WasOpened() => read(_events, new byte[4096], 4096) > 0;

    public void Dispose() => _events.Dispose();

    [DllImport("libc", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int inotify_init1(int flags);

    [DllImport("libc", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int inotify_add_watch(int descriptor, byte[] path, uint events);

    [DllImport("libc", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern nint read(SafeFileHandle descriptor, byte[] buffer, nint length);
}
