using System.Net;
using System.Net.Sockets;

namespace Gateway.EndToEnd.Proxying;

/// <summary>An address from which nothing ever comes back: a listener that accepts nobody and whose queue is full, so that the
/// kernel drops each further attempt to connect without a word.</summary>
internal sealed class BlackHole : IDisposable
{
    private readonly Socket _listener = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
    private readonly List<Socket> _waiting = [];

    public BlackHole()
    {
        _listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        _listener.Listen(backlog: 0);
        // Linux queues one more than the backlog; the others stay half open and keep it that way.
        for (var i = 0; i < 4; i++)
        {
            var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { Blocking = false };
            _waiting.Add(socket);
            try
            {
                socket.Connect(_listener.LocalEndPoint!);
            }
            catch (SocketException e) when (e.SocketErrorCode is SocketError.WouldBlock or SocketError.InProgress)
            {
                // On its way, or not: nobody answers.
            }
        }
    }

    public string Address => $"http://{_listener.LocalEndPoint}";

    public void Dispose()
    {
        _waiting.ForEach(socket => socket.Dispose());
        _listener.Dispose();
    }
}
