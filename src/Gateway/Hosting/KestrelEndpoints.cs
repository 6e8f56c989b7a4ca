using System.Net.Quic;
using Gateway.Boundary;
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
        kestrel.RequestHeaderEncodingSelector = static name => name.Equals("Content-Length", StringComparison.OrdinalIgnoreCase) ? DigitsOnly.Encoding : System.Text.Encoding.Latin1;
        kestrel.ResponseHeaderEncodingSelector = static _ => System.Text.Encoding.Latin1;
        var proxyProtocol = kestrel.ApplicationServices.GetRequiredService<ProxyProtocol>();
        kestrel.ConfigureEndpointDefaults(endpoint =>
        {
            endpoint.Use(static next => connection =>
            {
                if (connection.Features.Get<IConnectionSocketFeature>() is { Socket: var socket })
                {
                    DeadPeers.Detect(socket);
                }

                return next(connection);
            });
            endpoint.Use(proxyProtocol.Middleware);
        });

        kestrel.Configure(values.GetSection("Kestrel"), reloadOnChange: true);
        ServeFromTable(kestrel, configuration, certificates);
    }

    /// <summary>Has Kestrel take the certificates of these endpoints from the table when it opens them; those that name a certificate
    /// of their own are left to it.</summary>
    public static void ServeFromTable(KestrelServerOptions kestrel, GatewayConfiguration configuration, CertificateSources certificates)
    {
        var current = kestrel.ApplicationServices.GetRequiredService<CurrentConfiguration>();
        foreach (var endpoint in configuration.Endpoints)
        {
            kestrel.ConfigurationLoader!.Endpoint(endpoint.Name, opening =>
            {
                if (opening.IsHttps && !opening.ConfigSection.GetSection("Certificate").Exists() && !opening.ConfigSection.GetSection("Sni").Exists())
                {
                    UseTable(opening, certificates.Served, certificates.Automatic?.Challenges, current);
                }
            });
        }
    }

    private static void UseTable(EndpointConfiguration endpoint, ServedCertificates certificates, OpenChallenges? challenges, CurrentConfiguration current)
    {
        if (endpoint.ConfigSection["Protocols"] is null && QuicListener.IsSupported)
        {
            endpoint.ListenOptions.Protocols = HttpProtocols.Http1AndHttp2AndHttp3;
        }

        if (challenges is not null)
        {
            TlsAlpnChallenge.LookBeforeTls(endpoint.ListenOptions, challenges, TlsHandshake.Timeout);
        }

        StrictSni.LookBeforeTls(endpoint.ListenOptions, certificates, current, TlsHandshake.Timeout);
        endpoint.ListenOptions.UseHttps(new TlsHandshakeCallbackOptions
        {
            HandshakeTimeout = TlsHandshake.Timeout,
            OnConnection = new TlsHandshake(endpoint.HttpsOptions, certificates, current).AnswerAsync,
        });
        if (challenges is not null)
        {
            TlsAlpnChallenge.EndAfterTls(endpoint.ListenOptions);
        }
    }
}
