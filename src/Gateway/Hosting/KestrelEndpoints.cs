using System.Net;
using System.Net.Quic;
using System.Net.Security;
using System.Security.Authentication;
using Gateway.Certificates;
using Gateway.Certificates.Automatic;
using Gateway.Configuration;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Server.Kestrel;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;

namespace Gateway.Hosting;

/// <summary>The addresses to listen on, as <c>Kestrel:Endpoints</c> names them, with certificates from the gateway's table.</summary>
internal static class KestrelEndpoints
{
    // A phone far away, or a machine that is busy with everybody's handshakes. A connection that a browser only holds ready delays the
    // end by as much.
    private static readonly TimeSpan FirstRequestTime = TimeSpan.FromSeconds(2);

    private static readonly TimeSpan HandshakeTimeout = TimeSpan.FromSeconds(10);

    /// <param name="kestrel">To be configured.</param>
    /// <param name="configuration">As it is at the start.</param>
    /// <param name="values">The same values, replaced by a reload; Kestrel opens and closes endpoints accordingly.</param>
    /// <param name="certificates">What handshakes choose from, and what a CA may ask to see in one.</param>
    public static void Configure(
        KestrelServerOptions kestrel, GatewayConfiguration configuration, IConfiguration values, CertificateSources certificates)
    {
        kestrel.AddServerHeader = false;
        kestrel.Limits.MaxRequestBodySize = configuration.Gateway.MaxRequestBodySize;
        // Header bytes beyond ASCII pass through as they came, on this leg as on the service's.
        kestrel.RequestHeaderEncodingSelector = static _ => System.Text.Encoding.Latin1;
        kestrel.ResponseHeaderEncodingSelector = static _ => System.Text.Encoding.Latin1;
        kestrel.ConfigureEndpointDefaults(static endpoint =>
        {
            endpoint.Use(next => connection =>
            {
                if (connection.Features.Get<IConnectionSocketFeature>() is { Socket: var socket })
                {
                    DeadPeers.Detect(socket);
                }

                return EndpointConnection.ServeAsync(connection, next);
            });
            endpoint.Use(next => FirstRequest.Await(next, FirstRequestTime, endpoint.ApplicationServices.GetRequiredService<TimeProvider>()));
        });

        kestrel.Configure(values.GetSection("Kestrel"), reloadOnChange: true);
        ServeFromTable(kestrel, configuration, certificates);
    }

    /// <summary>Has Kestrel take the certificates of these endpoints from the table when it opens them; those that name a certificate
    /// of their own are left to it.</summary>
    public static void ServeFromTable(KestrelServerOptions kestrel, GatewayConfiguration configuration, CertificateSources certificates)
    {
        foreach (var endpoint in configuration.Endpoints)
        {
            kestrel.ConfigurationLoader!.Endpoint(endpoint.Name, opening =>
            {
                if (opening.IsHttps && !opening.ConfigSection.GetSection("Certificate").Exists() && !opening.ConfigSection.GetSection("Sni").Exists())
                {
                    UseTable(opening, certificates.Served, certificates.Automatic?.Challenges);
                }
            });
        }
    }

    private static void UseTable(EndpointConfiguration endpoint, ServedCertificates certificates, OpenChallenges? challenges)
    {
        if (endpoint.ConfigSection["Protocols"] is null && QuicListener.IsSupported)
        {
            endpoint.ListenOptions.Protocols = HttpProtocols.Http1AndHttp2AndHttp3;
        }

        if (challenges is not null)
        {
            TlsAlpnChallenge.LookBeforeTls(endpoint.ListenOptions, challenges, HandshakeTimeout);
        }

        var https = endpoint.HttpsOptions;
        endpoint.ListenOptions.UseHttps(new TlsHandshakeCallbackOptions
        {
            HandshakeTimeout = HandshakeTimeout,
            OnConnection = handshake =>
            {
                if (TlsAlpnChallenge.Of(handshake.Connection) is { } challenge)
                {
                    return ValueTask.FromResult(challenge.ServerOptions());
                }

                var address = (handshake.Connection.LocalEndPoint as IPEndPoint)?.Address;
                var certificate = certificates.Table.Select(handshake.ClientHelloInfo.ServerName, address)
                    ?? throw new AuthenticationException("There is no certificate to serve yet.");
                return ValueTask.FromResult(ServerOptions(certificate, https));
            },
        });
        if (challenges is not null)
        {
            TlsAlpnChallenge.EndAfterTls(endpoint.ListenOptions);
        }
    }

    private static SslServerAuthenticationOptions ServerOptions(ServedCertificate certificate, HttpsConnectionAdapterOptions https)
    {
        var options = new SslServerAuthenticationOptions
        {
            ServerCertificateContext = certificate.Context,
            EnabledSslProtocols = https.SslProtocols == SslProtocols.None ? SslProtocols.Tls12 | SslProtocols.Tls13 : https.SslProtocols,
        };
        if (https.ClientCertificateMode != ClientCertificateMode.NoCertificate)
        {
            options.ClientCertificateRequired = true;
            options.RemoteCertificateValidationCallback = (_, client, _, errors) =>
                errors == SslPolicyErrors.None || (client is null && https.ClientCertificateMode != ClientCertificateMode.RequireCertificate);
        }

        return options;
    }
}
