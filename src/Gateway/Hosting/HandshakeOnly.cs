using Gateway.Hosting.Transport;
using Gateway.Platform;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Core.Features;

namespace Gateway.Hosting;

/// <summary>Leaves to <see cref="System.Net.Security.SslStream"/> the handshake, and to OpenSSL itself what follows. Linux only; elsewhere the stream goes on.</summary>
internal static class HandshakeOnly
{
    /// <summary>Before TLS.</summary>
    public static ConnectionDelegate Begin(ConnectionDelegate next) => connection =>
    {
        if (OperatingSystem.IsLinux() && connection.Features.Get<SocketConnection>() is not null)
        {
            var records = new HandshakeRecords(connection.Transport.Input);
            connection.Features.Set(records);
            connection.Transport = new ReplacedTransport(records, connection.Transport.Output);
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
            connection.Transport = transport;
            // The stream lets go of its buffer when it sees the end of what it reads.
            connection.Features.Get<HandshakeRecords>()?.End();
            _ = await stream.ReadAsync(new byte[1]);
        }

        await next(connection);
    };
}
