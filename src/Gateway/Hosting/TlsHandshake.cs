using System.Net;
using System.Net.Security;
using System.Security.Authentication;
using Gateway.Certificates;
using Gateway.Configuration;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;

namespace Gateway.Hosting;

/// <summary>What a TLS handshake is answered with.</summary>
/// <param name="endpoint">The endpoint's own settings.</param>
/// <param name="certificates">What there is to choose from.</param>
/// <param name="configuration">Whether a name that no certificate covers is refused.</param>
internal sealed class TlsHandshake(HttpsConnectionAdapterOptions endpoint, ServedCertificates certificates, CurrentConfiguration configuration)
{
    /// <exception cref="AuthenticationException">The handshake is refused.</exception>
    public ValueTask<SslServerAuthenticationOptions> AnswerAsync(TlsHandshakeCallbackContext handshake)
    {
        if (TlsAlpnChallenge.Of(handshake.Connection) is { } challenge)
        {
            return ValueTask.FromResult(challenge.ServerOptions());
        }

        var (name, table) = (handshake.ClientHelloInfo.ServerName, certificates.Table);
        var address = (handshake.Connection.LocalEndPoint as IPEndPoint)?.Address;
        var match = table.Match(name, address);
        if (match is null && configuration.Value.Gateway.StrictSni && !string.IsNullOrEmpty(name))
        {
            throw new AuthenticationException($"No certificate covers '{name}', and Gateway:StrictSni is on.");
        }

        var certificate = match ?? table.Default ?? throw new AuthenticationException("There is no certificate to serve yet.");
        // The rules for headers depend on whose certificate it was.
        handshake.Connection.Features.Set(certificate);
        return ValueTask.FromResult(With(certificate));
    }

    private SslServerAuthenticationOptions With(ServedCertificate certificate)
    {
        var options = new SslServerAuthenticationOptions
        {
            ServerCertificateContext = certificate.Context,
            EnabledSslProtocols = endpoint.SslProtocols == SslProtocols.None ? SslProtocols.Tls12 | SslProtocols.Tls13 : endpoint.SslProtocols,
        };
        if (endpoint.ClientCertificateMode != ClientCertificateMode.NoCertificate)
        {
            options.ClientCertificateRequired = true;
            options.RemoteCertificateValidationCallback = (_, client, _, errors) =>
                errors == SslPolicyErrors.None || (client is null && endpoint.ClientCertificateMode != ClientCertificateMode.RequireCertificate);
        }

        return options;
    }
}
