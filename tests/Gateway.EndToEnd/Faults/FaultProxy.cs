using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;

namespace Gateway.EndToEnd.Faults;

/// <summary>What a <see cref="FaultProxy"/> does to the connections that are made from then on.</summary>
internal enum Fault
{
    None,

    /// <summary>Nobody listens.</summary>
    Down,

    /// <summary>Attempts to connect stay without any answer.</summary>
    BlackHole,

    /// <summary>What is sent is read, and nothing comes back.</summary>
    Hang,

    /// <summary>Reset as soon as something was sent.</summary>
    Reset,

    /// <summary>The service's side is ended as soon as something was sent, while more is read.</summary>
    HalfClose,
}

/// <summary>A TCP proxy in front of a service, that fails in the way that it is told, and recovers at a word.</summary>
internal sealed class FaultProxy : IAsyncDisposable
{
    private readonly Uri _service;
    private readonly ConcurrentDictionary<Socket, byte> _open = new();
    private readonly ConcurrentBag<Task> _tasks = [];
    private readonly List<Socket> _waiting = [];
    private readonly IPEndPoint _endpoint;
    private Socket? _listener;
    private Fault _fault;

    public FaultProxy(string service)
    {
        _service = new Uri(service);
        _endpoint = new IPEndPoint(IPAddress.Loopback, Harness.Ports.Free());
        Listen(backlog: 100, accepts: true);
    }

    public string Address => $"http://{_endpoint}";

    /// <summary>Changes what happens. All connections are reset: a service that fails takes them with it.</summary>
    public void Set(Fault fault)
    {
        _listener?.Dispose();
        _waiting.ForEach(socket => socket.Dispose());
        _waiting.Clear();
        foreach (var socket in _open.Keys)
        {
            Reset(socket);
        }

        _fault = fault;
        switch (fault)
        {
            case Fault.Down:
                break;
            case Fault.BlackHole:
                Listen(backlog: 0, accepts: false);
                Fill();
                break;
            default:
                Listen(backlog: 100, accepts: true);
                break;
        }
    }

    public async ValueTask DisposeAsync()
    {
        Set(Fault.Down);
        await Task.WhenAll(_tasks);
    }

    private void Listen(int backlog, bool accepts)
    {
        _listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        _listener.Bind(_endpoint);
        _listener.Listen(backlog);
        if (accepts)
        {
            _tasks.Add(AcceptAsync(_listener));
        }
    }

    // Linux queues one more than the backlog; further attempts are dropped without a word.
    private void Fill()
    {
        for (var i = 0; i < 4; i++)
        {
            var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { Blocking = false };
            _waiting.Add(socket);
            try
            {
                socket.Connect(_endpoint);
            }
            catch (SocketException e) when (e.SocketErrorCode is SocketError.WouldBlock or SocketError.InProgress)
            {
                // On its way, or not: nobody answers.
            }
        }
    }

    private async Task AcceptAsync(Socket listener)
    {
        try
        {
            while (true)
            {
                _tasks.Add(ServeAsync(await listener.AcceptAsync()));
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // Something else is to happen from now on.
        }
    }

    private async Task ServeAsync(Socket client)
    {
        using var service = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        using (client)
        {
            client.NoDelay = true;
            _open.TryAdd(client, 0);
            try
            {
                if (_fault == Fault.None)
                {
                    await service.ConnectAsync(IPAddress.Parse(_service.Host), _service.Port);
                    await Task.WhenAny(CopyAsync(client, service), CopyAsync(service, client));
                }
                else
                {
                    await FailAsync(client, _fault);
                }
            }
            catch (Exception e) when (e is SocketException or ObjectDisposedException)
            {
                // The other side has ended it, or the fault has changed.
            }
            finally
            {
                _open.TryRemove(client, out _);
            }
        }
    }

    private static async Task FailAsync(Socket client, Fault fault)
    {
        var buffer = new byte[4096];
        if (await client.ReceiveAsync(buffer) == 0)
        {
            return;
        }

        if (fault == Fault.Reset)
        {
            Reset(client);
            return;
        }

        if (fault == Fault.HalfClose)
        {
            client.Shutdown(SocketShutdown.Send);
        }

        while (await client.ReceiveAsync(buffer) > 0)
        {
        }
    }

    private static async Task CopyAsync(Socket from, Socket to)
    {
        var buffer = new byte[16 * 1024];
        try
        {
            while (await from.ReceiveAsync(buffer) is > 0 and var read)
            {
                await to.SendAsync(buffer.AsMemory(0, read));
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // Both end together.
        }
    }

    private static void Reset(Socket socket)
    {
        try
        {
            socket.LingerState = new LingerOption(true, 0);
            socket.Dispose();
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // It has ended.
        }
    }
}
