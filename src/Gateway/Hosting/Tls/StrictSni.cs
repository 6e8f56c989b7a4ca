using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace Gateway.Hosting.Tls;

/// <summary>
/// Ends a handshake for a name that no certificate covers with the alert that says so (RFC 6066 section 3), where <c>Gateway:StrictSni</c>
/// is on. By hand, before TLS: a callback of SslStream can only throw, and the client would see a connection that breaks off.
/// </summary>
internal static class StrictSni
{
    // A record of type alert, TLS 1.2 as all of them say, two bytes: fatal, unrecognized_name.
    private static readonly byte[] UnrecognizedName = [21, 3, 3, 0, 2, 2, 112];

    /// <summary>To be called before UseHttps.</summary>
    public static void LookBeforeTls(ListenOptions endpoint, CertificateChoice choice, TimeSpan patience, Action onRefused) =>
        endpoint.Use(next => async connection =>
        {
            if (!choice.IsStrict || TlsAlpnChallenge.Of(connection) is not null)
            {
                await next(connection);
                return;
            }

            var hello = await ClientHelloPeek.ReadAsync(connection, patience);
            if (!choice.Refuses(hello?.ServerName))
            {
                await next(connection);
                return;
            }

            onRefused();
            await connection.Transport.Output.WriteAsync(UnrecognizedName, connection.ConnectionClosed);
            await connection.Transport.Output.CompleteAsync();
        });
}
