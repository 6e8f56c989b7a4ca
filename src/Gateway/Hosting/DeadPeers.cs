using System.Net.Sockets;

namespace Gateway.Hosting;

/// <summary>Has the kernel end connections whose peer has vanished (a cut link, a phone out of reach), so that a WebSocket may be
/// silent for hours while it lives, yet is gone within two minutes of its peer.</summary>
internal static class DeadPeers
{
    private const int IdleSeconds = 60;
    private const int ProbeSeconds = 10;
    private const int Probes = 6;

    // Keep-alive probes idle connections only. With data in flight Linux would go on sending it for some 15 minutes unless
    // TCP_USER_TIMEOUT (RFC 5482) says otherwise.
    private const int LinuxTcpLevel = 6;
    private const int LinuxTcpUserTimeout = 18;
    private const int UserTimeoutMilliseconds = (IdleSeconds + (ProbeSeconds * Probes)) * 1000;

    public static void Detect(Socket socket)
    {
        if (socket.AddressFamily == AddressFamily.Unix)
        {
            return;
        }

        try
        {
            socket.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.KeepAlive, true);
            socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveTime, IdleSeconds);
            socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveInterval, ProbeSeconds);
            socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveRetryCount, Probes);
            if (OperatingSystem.IsLinux())
            {
                socket.SetRawSocketOption(LinuxTcpLevel, LinuxTcpUserTimeout, BitConverter.GetBytes(UserTimeoutMilliseconds));
            }
        }
        catch (SocketException)
        {
            // The peer is gone already; the first read says so.
        }
    }
}
