using System.Net;
using System.Net.Sockets;
using Gateway.Platform;
using Gateway.Platform.Sockets;

namespace Gateway.Proxying.Services;

/// <summary>Opens connections to services, and leaves the process its last descriptors.</summary>
internal sealed class ServiceDialer(DescriptorAlarm descriptors)
{
    /// <summary>For <see cref="SocketsHttpHandler"/>.</summary>
    /// <exception cref="SocketException">Nobody listens there, the name is not known, or no descriptor is left.</exception>
    public async ValueTask<Socket> ConnectAsync(DnsEndPoint service, CancellationToken cancellationToken)
    {
        var socket = Create(null);
        try
        {
            await socket.ConnectAsync(service, cancellationToken);
            return socket;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    /// <summary>For the gateway's own connections.</summary>
    /// <exception cref="SocketException">Nobody listens there, the name is not known, or no descriptor is left.</exception>
    public async ValueTask<PolledSocket> ConnectPolledAsync(DnsEndPoint service, CancellationToken cancellationToken)
    {
        if (!OperatingSystem.IsLinux())
        {
            return PolledSocket.Over(await ConnectAsync(service, cancellationToken));
        }

        var addresses = IPAddress.TryParse(service.Host, out var literal) ? [literal] : await Dns.GetHostAddressesAsync(service.Host, cancellationToken);
        SocketException? failure = null;
        foreach (var address in addresses)
        {
            try
            {
                return await LinuxPolledSocket.ConnectAsync(Create(address.AddressFamily), new IPEndPoint(address, service.Port), cancellationToken);
            }
            catch (SocketException exception)
            {
                // A name may have addresses of a kind that this machine has not.
                failure = exception;
            }
        }

        throw failure ?? new SocketException((int)SocketError.HostNotFound);
    }

    private Socket Create(AddressFamily? family)
    {
        var socket = family is { } one ? new Socket(one, SocketType.Stream, ProtocolType.Tcp) : new Socket(SocketType.Stream, ProtocolType.Tcp);
        try
        {
            socket.NoDelay = true;
            descriptors.ThrowIfKept(socket);
            return socket;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }
}
