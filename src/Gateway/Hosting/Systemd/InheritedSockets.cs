using System.Net;
using System.Net.Sockets;
using Gateway.Configuration;

namespace Gateway.Hosting.Systemd;

/// <summary>The listening sockets that systemd has opened and keeps. The kernel accepts connections on them while this process is
/// replaced by the next one.</summary>
internal sealed partial class InheritedSockets
{
    private readonly List<Inherited> _sockets = [];
    private readonly List<string> _unusable = [];

    public InheritedSockets(IReadOnlyList<(int Descriptor, string Name)> descriptors)
    {
        foreach (var (descriptor, name) in descriptors)
        {
            if (ListeningAddress(descriptor) is { } address)
            {
                _sockets.Add(new Inherited(descriptor, name, address));
            }
            else
            {
                _unusable.Add($"{name} (descriptor {descriptor})");
            }
        }
    }

    private sealed record Inherited(int Descriptor, string Name, EndPoint Address);

    /// <summary>A listening socket for an address, bound by systemd; null when the gateway has to bind it itself.</summary>
    public Socket? Open(EndPoint address) => Find(address) is { } socket ? SharedListenSocket.Duplicate(socket.Descriptor) : null;

    /// <summary>Whether an endpoint needs no port of its own.</summary>
    public bool Serve(EndpointOptions endpoint) => _sockets.Count > 0 && Addresses(endpoint) is { Count: > 0 } addresses && addresses.All(a => Find(a) is not null);

    /// <summary>Says which sockets are open although no endpoint answers on them: clients connect, and wait for ever.</summary>
    public void WarnOfUnused(IReadOnlyList<EndpointOptions> endpoints, ILogger logger)
    {
        var used = endpoints.SelectMany(Addresses).Select(Find).ToHashSet();
        foreach (var socket in _sockets.Where(s => !used.Contains(s)))
        {
            LogUnused(logger, socket.Name, socket.Address);
        }

        foreach (var socket in _unusable)
        {
            LogUnusable(logger, socket);
        }
    }

    private Inherited? Find(EndPoint address) =>
        _sockets.Find(s => IsSame(s.Address, address))
        // Where every address is asked for, every IPv4 address is what the socket's unit has made of it.
        ?? (address is IPEndPoint { Address: var ip } every && ip.Equals(IPAddress.IPv6Any)
            ? _sockets.Find(s => IsSame(s.Address, new IPEndPoint(IPAddress.Any, every.Port)))
            : null);

    private static bool IsSame(EndPoint one, EndPoint other) =>
        one is UnixDomainSocketEndPoint && other is UnixDomainSocketEndPoint ? one.ToString() == other.ToString() : one.Equals(other);

    private static IReadOnlyList<EndPoint> Addresses(EndpointOptions endpoint) => ListenAddress.Parse(endpoint.Url, out _, out _) switch
    {
        { Socket: { } path } => [new UnixDomainSocketEndPoint(path)],
        { } address => [.. address.Addresses.Select(ip => new IPEndPoint(ip, address.Port))],
        null => [],
    };

    private static EndPoint? ListeningAddress(int descriptor)
    {
        try
        {
            using var socket = SharedListenSocket.Duplicate(descriptor);
            var isListening = socket.SocketType == SocketType.Stream
                && socket.GetSocketOption(SocketOptionLevel.Socket, SocketOptionName.AcceptConnection) is not 0;
            return isListening ? socket.LocalEndPoint : null;
        }
        catch (SocketException)
        {
            return null;
        }
    }

    [LoggerMessage(EventId = 140, Level = LogLevel.Warning,
        Message = "systemd listens on {Address} ({Socket}) for the gateway, but no endpoint has this address: who connects there waits in vain. "
            + "Add an endpoint to Kestrel:Endpoints, or take the address out of the socket unit")]
    private static partial void LogUnused(ILogger logger, string socket, EndPoint address);

    [LoggerMessage(EventId = 141, Level = LogLevel.Warning,
        Message = "systemd has passed {Socket}, which is no listening stream socket; take it out of the socket unit")]
    private static partial void LogUnusable(ILogger logger, string socket);
}
