using System.Net;
using System.Net.Sockets;

namespace Gateway.EndToEnd.Harness;

/// <summary>TCP ports for programs that cannot be told to take any.</summary>
internal static class Ports
{
    // Below the range that the kernel takes for outgoing connections: it would hand out a port that is free only for now.
    private const int First = 20000;
    private const int Last = 32000;

    private static int _next = Random.Shared.Next(First, Last);

    /// <summary>A port that nothing listens on; no other call in this process gets it.</summary>
    public static int Free()
    {
        for (var tries = 0; tries < Last - First; tries++)
        {
            var port = First + (Interlocked.Increment(ref _next) % (Last - First));
            if (IsFree(port))
            {
                return port;
            }
        }

        throw new InvalidOperationException($"no free port from {First} to {Last}");
    }

    public static bool IsFree(int port) => CanListen(IPAddress.Any, port) && CanListen(IPAddress.IPv6Any, port);

    private static bool CanListen(IPAddress address, int port)
    {
        using var listener = new TcpListener(address, port) { ExclusiveAddressUse = true };
        try
        {
            listener.Start();
            return true;
        }
        catch (SocketException e) when (e.SocketErrorCode is SocketError.AddressAlreadyInUse)
        {
            return false;
        }
        catch (SocketException)
        {
            // No IPv6 on this machine, then nothing listens there.
            return true;
        }
    }
}
