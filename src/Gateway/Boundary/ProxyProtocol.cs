using System.Net;
using Gateway.Configuration;
using Microsoft.AspNetCore.Connections;

namespace Gateway.Boundary;

/// <summary>Takes the client's address from the PROXY protocol header of a trusted proxy, before TLS. From anybody else such a header
/// is no valid beginning of a connection, and is left to fail as such.</summary>
internal sealed partial class ProxyProtocol(CurrentConfiguration configuration, ILogger<ProxyProtocol> logger)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    public Func<ConnectionDelegate, ConnectionDelegate> Middleware => next => connection =>
    {
        var options = configuration.Value.Gateway;
        return options.ProxyProtocol && connection.RemoteEndPoint is IPEndPoint peer && options.TrustedProxies.Covers(peer.Address)
            ? ReadAsync(connection, peer, next)
            : next(connection);
    };

    private async Task ReadAsync(ConnectionContext connection, IPEndPoint peer, ConnectionDelegate next)
    {
        if (await TryTakeHeaderAsync(connection, peer))
        {
            await next(connection);
        }
    }

    private async Task<bool> TryTakeHeaderAsync(ConnectionContext connection, IPEndPoint peer)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(connection.ConnectionClosed);
        limit.CancelAfter(Patience);
        var input = connection.Transport.Input;
        try
        {
            while (true)
            {
                var read = await input.ReadAsync(limit.Token);
                if (ProxyProtocolHeader.TryRead(read.Buffer, out var header, out var length))
                {
                    // What is not consumed is not examined either: whoever reads next gets it at once.
                    input.AdvanceTo(read.Buffer.GetPosition(length));
                    connection.RemoteEndPoint = header?.Source ?? connection.RemoteEndPoint;
                    return true;
                }

                input.AdvanceTo(read.Buffer.Start, read.Buffer.End);
                if (read.IsCompleted)
                {
                    return false;
                }
            }
        }
        catch (InvalidDataException exception)
        {
            LogUnreadable(logger, peer.Address, exception.Message);
            connection.Abort(new ConnectionAbortedException(exception.Message));
        }
        catch (Exception exception) when (exception is OperationCanceledException or IOException)
        {
            // Silent or gone.
            connection.Abort(new ConnectionAbortedException("No request came."));
        }

        return false;
    }

    [LoggerMessage(EventId = 1, Level = LogLevel.Warning, Message = "Closed a connection of the trusted proxy {Peer}: {Reason}")]
    private static partial void LogUnreadable(ILogger logger, IPAddress peer, string reason);
}
