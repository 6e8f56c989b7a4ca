using System.Net.Sockets;

namespace Gateway.Boundary.Limits;

/// <summary>What Linux says of a connection's sending side (tcp(7), TCP_INFO; struct tcp_info of linux/tcp.h, 4.6 and later).</summary>
/// <param name="IsWaiting">Whether bytes wait for the peer's acknowledgement.</param>
/// <param name="Acknowledged">Bytes that the peer has acknowledged since the connection began.</param>
internal readonly record struct SendQueue(bool IsWaiting, ulong Acknowledged)
{
    private const int TcpLevel = 6;
    private const int TcpInfo = 11;
    private const int UnacknowledgedSegments = 24;
    private const int BytesAcknowledged = 120;
    private const int BytesNotSent = 144;
    private const int Length = 148;

    public static SendQueue Of(Socket socket)
    {
        Span<byte> info = stackalloc byte[Length];
        try
        {
            if (socket.GetRawSocketOption(TcpLevel, TcpInfo, info) < Length)
            {
                return default;
            }
        }
        catch (Exception exception) when (exception is SocketException or ObjectDisposedException)
        {
            // It has ended meanwhile.
            return default;
        }

        var isWaiting = BitConverter.ToUInt32(info[UnacknowledgedSegments..]) > 0 || BitConverter.ToUInt32(info[BytesNotSent..]) > 0;
        return new SendQueue(isWaiting, BitConverter.ToUInt64(info[BytesAcknowledged..]));
    }
}
