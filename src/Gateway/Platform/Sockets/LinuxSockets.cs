using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using System.Runtime.Versioning;

namespace Gateway.Platform.Sockets;

/// <summary>recv(2), send(2) and connect(2) without waiting.</summary>
[SupportedOSPlatform("linux")]
internal static unsafe partial class LinuxSockets
{
    public const int Nothing = -1;

    // sys/socket.h
    private const int Look = 2;
    private const int DoNotWait = 0x40;
    private const int NoSignal = 0x4000;
    private const int More = 0x8000;

    // fcntl.h
    private const int SetFlags = 4;
    private const int NonBlocking = 0x800;

    // errno.h
    private const int Again = 11;
    private const int Interrupted = 4;
    private const int InProgress = 115;

    /// <returns>0 at the end, <see cref="Nothing"/> when nothing has come.</returns>
    public static int Receive(SafeSocketHandle socket, int descriptor, Span<byte> buffer) => Receive(socket, descriptor, buffer, DoNotWait);

    /// <summary>The same, and leaves it there; a failure counts as an end.</summary>
    public static int Peek(SafeSocketHandle socket, int descriptor)
    {
        try
        {
            Span<byte> one = stackalloc byte[1];
            return Receive(socket, descriptor, one, DoNotWait | Look);
        }
        catch (Exception exception) when (exception is SocketException or ObjectDisposedException)
        {
            return 0;
        }
    }

    /// <returns>How much was sent; <see cref="Nothing"/> when there is no room.</returns>
    public static int Send(SafeSocketHandle socket, int descriptor, ReadOnlySpan<byte> bytes, bool isMoreToCome)
    {
        var isHeld = false;
        try
        {
            socket.DangerousAddRef(ref isHeld);
            fixed (byte* start = bytes)
            {
                while (true)
                {
                    var sent = (int)Send(descriptor, start, (nuint)bytes.Length, DoNotWait | NoSignal | (isMoreToCome ? More : 0));
                    if (sent >= 0 || !MayBeTriedAgain())
                    {
                        return sent;
                    }
                }
            }
        }
        finally
        {
            if (isHeld)
            {
                socket.DangerousRelease();
            }
        }
    }

    /// <summary>Has connect(2) not wait, as .NET would do it for a socket that it waits for itself: with a context of its own.</summary>
    public static void DoNotWaitFor(int descriptor)
    {
        if (Control(descriptor, SetFlags, NonBlocking) < 0)
        {
            throw LastError();
        }
    }

    /// <summary>Begins to connect a socket that does not block.</summary>
    /// <returns>False when it is under way; once there is room for bytes it is over, and the socket knows how.</returns>
    public static bool Connect(int descriptor, SocketAddress address)
    {
        fixed (byte* start = address.Buffer.Span)
        {
            if (Connect(descriptor, start, address.Size) == 0)
            {
                return true;
            }
        }

        return Marshal.GetLastPInvokeError() is InProgress or Interrupted ? false : throw LastError();
    }

    public static SocketException LastError() => new((int)(Marshal.GetLastPInvokeError() switch
    {
        13 or 1 => SocketError.AccessDenied,
        32 => SocketError.Shutdown,
        24 or 23 => SocketError.TooManyOpenSockets,
        98 => SocketError.AddressAlreadyInUse,
        99 => SocketError.AddressNotAvailable,
        101 => SocketError.NetworkUnreachable,
        103 => SocketError.ConnectionAborted,
        104 => SocketError.ConnectionReset,
        105 or 12 => SocketError.NoBufferSpaceAvailable,
        107 => SocketError.NotConnected,
        110 => SocketError.TimedOut,
        111 => SocketError.ConnectionRefused,
        113 => SocketError.HostUnreachable,
        _ => SocketError.SocketError,
    }));

    private static int Receive(SafeSocketHandle socket, int descriptor, Span<byte> buffer, int flags)
    {
        var isHeld = false;
        try
        {
            socket.DangerousAddRef(ref isHeld);
            fixed (byte* start = buffer)
            {
                while (true)
                {
                    var received = (int)Receive(descriptor, start, (nuint)buffer.Length, flags);
                    if (received >= 0 || !MayBeTriedAgain())
                    {
                        return received;
                    }
                }
            }
        }
        finally
        {
            if (isHeld)
            {
                socket.DangerousRelease();
            }
        }
    }

    private static bool MayBeTriedAgain() => Marshal.GetLastPInvokeError() switch
    {
        Interrupted => true,
        Again => false,
        _ => throw LastError(),
    };

    [LibraryImport("libc", EntryPoint = "recv", SetLastError = true)]
    private static partial nint Receive(int descriptor, byte* buffer, nuint length, int flags);

    [LibraryImport("libc", EntryPoint = "send", SetLastError = true)]
    private static partial nint Send(int descriptor, byte* bytes, nuint length, int flags);

    [LibraryImport("libc", EntryPoint = "fcntl", SetLastError = true)]
    private static partial int Control(int descriptor, int command, int argument);

    [LibraryImport("libc", EntryPoint = "connect", SetLastError = true)]
    private static partial int Connect(int descriptor, byte* address, int length);
}
