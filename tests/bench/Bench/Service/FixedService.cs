using System.Net;
using System.Net.Sockets;

namespace Bench.Service;

/// <summary>The service behind all proxies: fixed answers, as little work as possible, and a check of every byte that arrives.</summary>
internal static class FixedService
{
    public static async Task RunAsync(int port)
    {
        using var listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new IPEndPoint(IPAddress.Loopback, port));
        listener.Listen(4096);
        Console.WriteLine("listens");
        while (true)
        {
            var socket = await listener.AcceptAsync();
            socket.NoDelay = true;
            _ = new ServiceConnection(socket).RunAsync();
        }
    }
}
