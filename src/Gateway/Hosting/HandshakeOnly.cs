using System.Net.Security;
using Gateway.Hosting.Transport;
using Gateway.Platform;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Core.Features;

namespace Gateway.Hosting;

/// <summary>
/// Leaves to <see cref="SslStream"/> the handshake, and to OpenSSL itself what follows. By then the stream has gone, and so has all that had
/// to do with the handshake. Linux only; elsewhere the stream goes on.
/// </summary>
internal static class HandshakeOnly
{
    /// <summary>Before all that has to do with the handshake: what comes after it goes on from here.</summary>
    public static ConnectionDelegate GoOn(ConnectionDelegate next) => async connection =>
    {
        await next(connection);
        if (connection.Features.Get<Taken>() is { } taken)
        {
            connection.Features.Set<Taken>(null);
            connection.Transport = taken.Transport;
            await taken.Next(connection);
        }
    };

    /// <summary>Directly before TLS.</summary>
    public static ConnectionDelegate Begin(ConnectionDelegate next) => connection =>
    {
        if (OperatingSystem.IsLinux() && connection.Features.Get<SocketConnection>() is not null)
        {
            connection.Transport = new ReplacedTransport(new HandshakeRecords(connection.Transport.Input), connection.Transport.Output);
        }

        return next(connection);
    };

    /// <summary>After TLS.</summary>
    public static ConnectionDelegate End(ConnectionDelegate next) => async connection =>
    {
        if (connection.Features.Get<SocketConnection>() is { } socket
            && connection.Features.Get<ISslStreamFeature>() is { SslStream: var stream }
            && await socket.TryTakeTlsAsync(stream) is { } transport)
        {
            HandshakeResult.Replace(connection.Features, stream);
            connection.Features.Set(new Taken(transport, next));
            return;
        }

        await next(connection);
    };

    private sealed record Taken(ReplacedTransport Transport, ConnectionDelegate Next);
}
