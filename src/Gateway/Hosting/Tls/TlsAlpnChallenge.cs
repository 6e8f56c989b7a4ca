using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using Gateway.Acme;
using Gateway.Certificates;
using Gateway.Certificates.Automatic;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace Gateway.Hosting.Tls;

/// <summary>
/// Shows the certificate of an open tls-alpn-01 challenge (RFC 8737) to a validating CA and to nobody else. Handshakes are looked
/// at only while such a challenge is open.
/// </summary>
internal sealed class TlsAlpnChallenge(X509Certificate2 certificate)
{
    // RFC 8737 section 6.2.
    private static readonly SslApplicationProtocol Protocol = new(TlsAlpnCertificate.Protocol);

    /// <summary>Has connections looked at before their TLS handshake; to be called before UseHttps.</summary>
    public static void LookBeforeTls(ListenOptions endpoint, OpenChallenges challenges, TimeSpan patience) =>
        endpoint.Use(next => async connection =>
        {
            if (challenges.HasTlsAlpn)
            {
                await LookAsync(connection, challenges, patience);
            }

            await next(connection);
        });

    /// <summary>Ends the connection of a CA when it has seen the certificate (RFC 8737 section 3); to be called after UseHttps.</summary>
    public static void EndAfterTls(ListenOptions endpoint) =>
        endpoint.Use(next => connection => Of(connection) is null ? next(connection) : Task.CompletedTask);

    /// <summary>The challenge that a connection is about; null for everybody's connections.</summary>
    public static TlsAlpnChallenge? Of(BaseConnectionContext connection) => connection.Features.Get<TlsAlpnChallenge>();

    public SslServerAuthenticationOptions ServerOptions() => new()
    {
        ServerCertificateContext = SentChain.Prepare(certificate, []),
        ApplicationProtocols = [Protocol],
    };

    private static async Task LookAsync(ConnectionContext connection, OpenChallenges challenges, TimeSpan patience)
    {
        var hello = await ClientHelloPeek.ReadAsync(connection, patience);
        if (hello is { Protocols: [TlsAlpnCertificate.Protocol], ServerName: { } name } && challenges.TlsAlpnCertificate(name) is { } certificate)
        {
            connection.Features.Set(new TlsAlpnChallenge(certificate));
        }
    }
}
