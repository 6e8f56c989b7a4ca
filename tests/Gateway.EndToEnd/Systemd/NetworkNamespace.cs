using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Win32.SafeHandles;

namespace Gateway.EndToEnd.Systemd;

/// <summary>Another network, from within this process: a socket belongs to the namespace of the thread that made it, and works from
/// everywhere.</summary>
internal sealed class NetworkNamespace : IDisposable
{
    private const int CloneNewNet = 0x40000000;

    private readonly BlockingCollection<Action> _work = [];
    private readonly Thread _thread;

    /// <param name="processId">A process that is in it.</param>
    public NetworkNamespace(int processId)
    {
        var handle = File.OpenHandle($"/proc/{processId}/ns/net");
        _thread = new Thread(() => Work(handle)) { IsBackground = true, Name = $"network of process {processId}" };
        _thread.Start();
    }

    /// <summary>A TCP connection to one of its own addresses.</summary>
    public async ValueTask<Socket> ConnectAsync(IPAddress address, int port, CancellationToken cancellationToken)
    {
        var socket = Run(() => new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true });
        try
        {
            await socket.ConnectAsync(address, port, cancellationToken);
            return socket;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    /// <summary>For a service of this process that is reached there.</summary>
    public Socket Bind(EndPoint address) => Run(() => SocketTransportOptions.CreateDefaultBoundListenSocket(address));

    /// <summary>For HTTP clients; whatever host a URL names, they connect to this machine.</summary>
    public SocketsHttpHandler CreateHandler() => new()
    {
        UseProxy = false,
        AllowAutoRedirect = false,
        ConnectCallback = async (context, cancellationToken) =>
            new NetworkStream(await ConnectAsync(IPAddress.Loopback, context.DnsEndPoint.Port, cancellationToken), ownsSocket: true),
    };

    public void Dispose()
    {
        _work.CompleteAdding();
        _thread.Join();
        _work.Dispose();
    }

    private Socket Run(Func<Socket> create)
    {
        var result = new TaskCompletionSource<Socket>();
        _work.Add(() =>
        {
            try
            {
                result.SetResult(create());
            }
            catch (Exception e)
            {
                result.SetException(e);
            }
        });
        return result.Task.GetAwaiter().GetResult();
    }

    private void Work(SafeFileHandle handle)
    {
        using (handle)
        {
            if (setns((int)handle.DangerousGetHandle(), CloneNewNet) != 0)
            {
                throw new InvalidOperationException($"The network namespace cannot be entered: {Marshal.GetLastPInvokeErrorMessage()}");
            }
        }

        foreach (var action in _work.GetConsumingEnumerable())
        {
            action();
        }
    }

    [DllImport("libc", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int setns(int descriptor, int type);
}
