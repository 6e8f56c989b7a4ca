using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using Gateway.Configuration;
using Gateway.Hosting.Transport;
using Gateway.Platform;
using Gateway.Proxying;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.Options;

namespace Gateway.Hosting;

/// <summary>Listens for Kestrel with <see cref="EndpointListener"/>: one that neither spins without descriptors nor takes its connections
/// with it when a reload removes it.</summary>
internal sealed class EndpointListenerFactory(
    IOptions<SocketTransportOptions> options,
    OpenWebSockets sockets,
    CurrentConfiguration configuration,
    DescriptorAlarm descriptors,
    TimeProvider time,
    IHostApplicationLifetime lifetime,
    ILoggerFactory loggers) : IConnectionListenerFactory, IConnectionListenerFactorySelector, IHostedService
{
    private readonly ConcurrentDictionary<Task, byte> _draining = new();

    public bool CanBind(EndPoint endpoint) => endpoint is IPEndPoint or UnixDomainSocketEndPoint or FileHandleEndPoint;

    public ValueTask<IConnectionListener> BindAsync(EndPoint endpoint, CancellationToken cancellationToken = default)
    {
        var socket = Bind(endpoint);
        try
        {
            // Linux gives them to each connection that is accepted.
            if (OperatingSystem.IsLinux())
            {
                SetOptions(socket);
            }

            socket.Listen(options.Value.Backlog);
            return ValueTask.FromResult<IConnectionListener>(new EndpointListener(socket, this));
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    // Kestrel tells by the type of the exception whether "localhost" lacks one of its two addresses or is somebody else's.
    private Socket Bind(EndPoint endpoint)
    {
        try
        {
            return options.Value.CreateBoundListenSocket(endpoint);
        }
        catch (SocketException exception) when (exception.SocketErrorCode == SocketError.AddressAlreadyInUse)
        {
            throw new AddressInUseException(exception.Message, exception);
        }
    }

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>Waits for the connections of removed endpoints, as Kestrel does for those of the others.</summary>
    public Task StopAsync(CancellationToken cancellationToken) => Task.WhenAny(Task.WhenAll(_draining.Keys), Task.Delay(Timeout.InfiniteTimeSpan, time, cancellationToken));

    internal bool IsStopping => lifetime.ApplicationStopping.IsCancellationRequested;

    internal DescriptorAlarm Descriptors => descriptors;

    internal ConnectionContext Connect(Socket socket)
    {
        if (!OperatingSystem.IsLinux())
        {
            SetOptions(socket);
        }

        return new SocketConnection(socket);
    }

    private void SetOptions(Socket socket)
    {
        DeadPeers.Detect(socket);
        if (options.Value.NoDelay && socket.AddressFamily != AddressFamily.Unix)
        {
            socket.NoDelay = true;
        }
    }

    /// <summary>The connections of an endpoint that was removed go on until they end or the drain time is up.</summary>
    internal void Drain(EndpointListener listener)
    {
        var drain = new EndpointDrain(listener, sockets, configuration.Value.Gateway.DrainTimeout, time, loggers.CreateLogger<EndpointDrain>()).RunAsync();
        _draining.TryAdd(drain, 0);
        _ = drain.ContinueWith(done => _draining.TryRemove(done, out _), TaskScheduler.Default);
    }
}
