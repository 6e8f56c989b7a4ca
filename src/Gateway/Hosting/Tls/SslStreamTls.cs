using System.Net.Security;
using System.Security.Authentication;
using Gateway.Boundary.Limits;
using Gateway.Certificates.Automatic;
using Gateway.Observability;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;

namespace Gateway.Hosting.Tls;

/// <summary>TLS as Kestrel brings it: for HTTP/3, where clients show a certificate, and where <see cref="DirectTls"/> is not possible.</summary>
/// <param name="choice">Of the certificate.</param>
/// <param name="challenges">What a CA may ask to see; null where there never are any.</param>
/// <param name="pending">Handshakes under way.</param>
/// <param name="handshakes">To count those that never come to TLS.</param>
internal sealed class SslStreamTls(CertificateChoice choice, OpenChallenges? challenges, PendingHandshakes pending, TlsHandshakes handshakes)
{
    /// <summary>Serves an endpoint's connections so.</summary>
    /// <param name="endpoint">To be opened.</param>
    /// <param name="settings">The endpoint's own.</param>
    /// <param name="patience">How long a handshake may take.</param>
    public void Use(ListenOptions endpoint, HttpsConnectionAdapterOptions settings, TimeSpan patience)
    {
        endpoint.Use(pending.Begin);
        if (challenges is not null)
        {
            TlsAlpnChallenge.LookBeforeTls(endpoint, challenges, patience);
        }

        StrictSni.LookBeforeTls(endpoint, choice, patience, handshakes.CountUnknownName);
        endpoint.UseHttps(new TlsHandshakeCallbackOptions
        {
            HandshakeTimeout = patience,
            OnConnection = handshake => ValueTask.FromResult(Answer(handshake, settings)),
        });
        endpoint.Use(PendingHandshakes.End);
        if (challenges is not null)
        {
            TlsAlpnChallenge.EndAfterTls(endpoint);
        }
    }

    private SslServerAuthenticationOptions Answer(TlsHandshakeCallbackContext handshake, HttpsConnectionAdapterOptions settings)
    {
        if (TlsAlpnChallenge.Of(handshake.Connection) is { } challenge)
        {
            return challenge.ServerOptions();
        }

        var name = handshake.ClientHelloInfo.ServerName;
        if (choice.Refuses(name))
        {
            throw new AuthenticationException($"No certificate covers '{name}', and Gateway:StrictSni is on.");
        }

        var certificate = choice.For(name, handshake.Connection) ?? throw new AuthenticationException("There is no certificate to serve yet.");
        var options = new SslServerAuthenticationOptions
        {
            ServerCertificateContext = certificate.Context,
            EnabledSslProtocols = settings.SslProtocols == SslProtocols.None ? SslProtocols.Tls12 | SslProtocols.Tls13 : settings.SslProtocols,
        };
        if (settings.ClientCertificateMode != ClientCertificateMode.NoCertificate)
        {
            options.ClientCertificateRequired = true;
            options.RemoteCertificateValidationCallback = (_, client, _, errors) =>
                errors == SslPolicyErrors.None || (client is null && settings.ClientCertificateMode != ClientCertificateMode.RequireCertificate);
        }

        return options;
    }
}
