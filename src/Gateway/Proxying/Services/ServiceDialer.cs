using System.Net;
using System.Net.Sockets;
using Gateway.Platform;

namespace Gateway.Proxying.Services;

/// <summary>Opens connections to services, and leaves the process its last descriptors.</summary>
internal sealed class ServiceDialer(DescriptorAlarm descriptors)
{
    /// <exception cref="SocketException">Nobody listens there, the name is not known, or no descriptor is left.</exception>
    public async ValueTask<Socket> ConnectAsync(DnsEndPoint service, CancellationToken cancellationToken)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            descriptors.ThrowIfKept(socket);
            await socket.ConnectAsync(service, cancellationToken);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
        finally
        {
            if (EventLoop.IsCurrent)
            {
                await Task.Yield();
            }
        }

        return socket;
    }
}
