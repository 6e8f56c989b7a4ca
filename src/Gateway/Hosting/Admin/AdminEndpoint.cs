using System.Net;
using System.Net.Sockets;
using Gateway.Configuration;
using Gateway.Platform;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.Options;

namespace Gateway.Hosting.Admin;

/// <summary>
/// The operator's endpoint: a server of its own beside the public one, so that no public request can reach it and no limit, redirect or
/// certificate stands in its way. It listens on this machine only, changes nothing, and goes on while calls drain.
/// </summary>
internal sealed partial class AdminEndpoint(AdminListening listening, AdminAnswers answers, ILoggerFactory loggers) : IHostedService, IAsyncDisposable
{
    private readonly ILogger _logger = loggers.CreateLogger<AdminEndpoint>();
    private KestrelServer? _server;
    private Task _warning = Task.CompletedTask;

    /// <summary>Where a browser finds it, or the unix socket; null when it does not listen.</summary>
    public string? Address { get; private set; }

    /// <exception cref="AdminException">The address that is configured cannot be had.</exception>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        var options = new KestrelServerOptions { AddServerHeader = false };
        options.Limits.MaxConcurrentConnections = 100;
        options.Limits.MaxRequestBodySize = 0;
        var address = listening.Address;
        try
        {
            if (address.Tcp is { } tcp)
            {
                options.Listen(tcp);
            }
            else
            {
                AdminSocket.RemoveLeftover(address.Socket!);
                options.ListenUnixSocket(address.Socket!);
            }

            var server = new KestrelServer(
                Options.Create(options), new SocketTransportFactory(Options.Create(new SocketTransportOptions()), loggers), loggers);
            try
            {
                await server.StartAsync(answers, cancellationToken);
            }
            catch
            {
                server.Dispose();
                throw;
            }

            _server = server;
            if (address.Socket is { } socket)
            {
                AdminSocket.OpenToGroup(socket);
            }

            Address = address.Tcp is null ? address.ToString() : server.Features.Get<IServerAddressesFeature>()!.Addresses.First();
        }
        catch (Exception exception) when (exception is IOException or SocketException or UnauthorizedAccessException)
        {
            if (listening.IsRequired)
            {
                throw new AdminException(
                    $"{listening.Location}: Gateway:Admin: cannot listen on {address}: {Explain(address, exception)}. Free it, choose another address, or write off.", exception);
            }

            // Who has the port is looked for among the descriptors of all processes. The start does not wait for that.
            _warning = Task.Run(() => LogUnavailable(_logger, address, Explain(address, exception)), CancellationToken.None);
        }
    }

    // It goes on to the very end: an operator wants to see the calls end.
    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        await _warning;
        if (Interlocked.Exchange(ref _server, null) is { } server)
        {
            using var now = new CancellationTokenSource();
            now.Cancel();
            await server.StopAsync(now.Token);
            server.Dispose();
        }
    }

    private static string Explain(AdminAddress address, Exception exception)
    {
        var cause = exception.GetBaseException();
        if (address.Tcp is not { } tcp)
        {
            return cause is SocketException { SocketErrorCode: SocketError.AddressAlreadyInUse } ? "another program listens there"
                : cause is SocketException { SocketErrorCode: SocketError.AddressNotAvailable } ? $"there is no folder {Path.GetDirectoryName(address.Socket)}"
                : cause is SocketException { SocketErrorCode: SocketError.AccessDenied } ? $"user '{Environment.UserName}' may not write to {Path.GetDirectoryName(address.Socket)}"
                : cause.Message;
        }

        return cause is SocketException { SocketErrorCode: SocketError.AddressAlreadyInUse }
            ? $"port {tcp.Port} is in use by {HostPlatform.Current.FindPortOwner(tcp.Port)?.ToString() ?? "another process"}"
            : cause.Message;
    }

    [LoggerMessage(EventId = 160, Level = LogLevel.Warning,
        Message = "There is no status page and there are no metrics: cannot listen on {Address}: {Reason}. Everything else works. Choose another address with Gateway:Admin, or write off")]
    private static partial void LogUnavailable(ILogger logger, AdminAddress address, string reason);
}
