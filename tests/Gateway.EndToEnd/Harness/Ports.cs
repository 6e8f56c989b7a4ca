using System.Net.NetworkInformation;

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

    /// <summary>Whether nothing listens there, on any address.</summary>
    public static bool IsFree(int port) =>
        // Not by an attempt to listen: that fails as well for a minute after a connection there was closed.
        IPGlobalProperties.GetIPGlobalProperties().GetActiveTcpListeners().All(listener => listener.Port != port);
}
