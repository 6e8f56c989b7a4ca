using System.Buffers.Binary;
using System.Net.Sockets;

namespace Gateway.Proxying;

/// <summary>What the kernel knows of the bytes that were sent: tcp(7), TCP_INFO.</summary>
internal static class TcpDelivery
{
    private const int LinuxTcpLevel = 6;
    private const int LinuxTcpInfo = 11;
    private const int BytesAckedOffset = 120;
    private const byte Closed = 7;

    /// <summary>Whether the peer, which has sent its end, had closed for both directions before any byte after the first
    /// <paramref name="before"/> reached it.</summary>
    /// <returns>Null while that is open: neither an acknowledgement nor a reset has come.</returns>
    /// <remarks>A peer that closes with all data read acknowledges it with its FIN, at the latest. Data that reaches a closed peer is
    /// answered with a reset, and never acknowledged.</remarks>
    public static bool? IsRefused(Socket socket, long before)
    {
        if (!OperatingSystem.IsLinux())
        {
            return false;
        }

        Span<byte> info = stackalloc byte[BytesAckedOffset + sizeof(ulong)];
        try
        {
            if (socket.GetRawSocketOption(LinuxTcpLevel, LinuxTcpInfo, info) < info.Length)
            {
                return false;
            }
        }
        catch (Exception exception) when (exception is SocketException or ObjectDisposedException)
        {
            return false;
        }

        // Linux counts the SYN as one byte.
        var acknowledged = (long)BinaryPrimitives.ReadUInt64LittleEndian(info[BytesAckedOffset..]);
        return acknowledged > before + 1 ? false : info[0] == Closed ? true : null;
    }
}
