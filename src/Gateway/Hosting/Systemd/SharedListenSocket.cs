using System.Net.Sockets;
using Gateway.Platform;

namespace Gateway.Hosting.Systemd;

/// <summary>A listening socket that others have open as well. Closing it closes this process's descriptor and nothing else.</summary>
internal sealed class SharedListenSocket : Socket
{
    private readonly SafeSocketHandle _handle;

    private SharedListenSocket(SafeSocketHandle handle)
        : base(handle) => _handle = handle;

    /// <summary>The same socket by a descriptor of its own.</summary>
    /// <exception cref="SocketException">It is no socket.</exception>
    public static SharedListenSocket Duplicate(int descriptor)
    {
        var copy = LinuxDescriptors.Duplicate(descriptor);
        return copy >= 0 ? new SharedListenSocket(new SafeSocketHandle(copy, ownsHandle: true)) : throw new SocketException((int)SocketError.NotSocket);
    }

    protected override void Dispose(bool disposing)
    {
        // .NET disconnects a socket before it closes it, to wake whoever waits for it. That would end the listening for systemd and for
        // the next process too, and reset every connection in the queue. It spares descriptors that other programs may have got.
        if (disposing && !_handle.IsClosed)
        {
            LinuxDescriptors.SetInheritable((int)_handle.DangerousGetHandle(), true);
        }

        base.Dispose(disposing);
    }
}
