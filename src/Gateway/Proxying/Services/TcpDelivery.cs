using System.Buffers.Binary;
using System.Net.Sockets;

namespace Gateway.Proxying.Services;

/// <summary>What the kernel knows of a connection and of the bytes that were sent over it: tcp(7), TCP_INFO.</summary>
internal static class TcpDelivery
{
    private const int LinuxTcpLevel = 6;
    private const int LinuxTcpInfo = 11;
    private const int BytesAckedOffset = 120;
    private const byte Established = 1;
    private const byte Closed = 7;

    // As far away as a service may be.
    private static readonly TimeSpan Moment = TimeSpan.FromMilliseconds(2);
    private const int Moments = 100;

    /// <summary>Whether the peer has ended the connection, in order or by a reset, with nothing left to read.</summary>
    public static bool HasEnded(Socket socket)
    {
        if (TryRead(socket, out var state, out _))
        {
            return state != Established;
        }

        try
        {
            return socket.Poll(TimeSpan.Zero, SelectMode.SelectRead) && socket.Available == 0;
        }
        catch (Exception exception) when (exception is SocketException or ObjectDisposedException)
        {
            return true;
        }
    }

    /// <summary>Whether the peer, which has sent its end, had closed for both directions before any byte after the first
    /// <paramref name="before"/> reached it.</summary>
    /// <returns>Null while that is open: neither an acknowledgement nor a reset has come.</returns>
    /// <remarks>A peer that has received data acknowledges it with its FIN, at the latest. Data that reaches a closed peer is
    /// answered with a reset, and never acknowledged.</remarks>
    public static bool? IsRefused(Socket socket, long before)
    {
        if (!TryRead(socket, out var state, out var acknowledged))
        {
            return false;
        }

        // Linux counts the SYN as one byte.
        return acknowledged > before + 1 ? false : state == Closed ? true : null;
    }

    /// <summary>The same, after a wait for the kernel's news: what follows the service's end, a reset or an acknowledgement, is on its way.</summary>
    /// <returns>False also when nothing came.</returns>
    public static async ValueTask<bool> IsRefusedAsync(Socket socket, long before, TimeProvider time)
    {
        for (var i = 0; i < Moments; i++)
        {
            if (IsRefused(socket, before) is { } refused)
            {
                return refused;
            }

            await Task.Delay(Moment, time, CancellationToken.None);
        }

        return false;
    }

    private static bool TryRead(Socket socket, out byte state, out long acknowledged)
    {
        (state, acknowledged) = (0, 0);
        Span<byte> info = stackalloc byte[BytesAckedOffset + sizeof(ulong)];
        try
        {
            if (!OperatingSystem.IsLinux() || socket.GetRawSocketOption(LinuxTcpLevel, LinuxTcpInfo, info) < info.Length)
            {
                return false;
            }
        }
        catch (Exception exception) when (exception is SocketException or ObjectDisposedException)
        {
            return false;
        }

        state = info[0];
        acknowledged = (long)BinaryPrimitives.ReadUInt64LittleEndian(info[BytesAckedOffset..]);
        return true;
    }
}
