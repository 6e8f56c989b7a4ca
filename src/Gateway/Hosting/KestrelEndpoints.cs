using System.Net.Quic;
using Gateway.Boundary;
using Gateway.Boundary.Limits;
using Gateway.Certificates;
using Gateway.Certificates.Automatic;
using Gateway.Configuration;
using Gateway.Hosting.Tls;
using Gateway.Observability;
using Gateway.Platform;
using Gateway.Platform.Tls;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Server.Kestrel;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Core.Features;
using Microsoft.AspNetCore.Server.Kestrel.Https;

namespace Gateway.Hosting;

/// <summary>The addresses to listen on, as <c>Kestrel:Endpoints</c> names them, with certificates from the gateway's table.</summary>
internal static class KestrelEndpoints
{
    // A phone far away, or a machine that is busy with everybody's handshakes. A connection that a browser only holds ready delays the
    // end by as much.
    private static readonly TimeSpan FirstRequestTime = TimeSpan.FromSeconds(2);

    // At once: requests, not a flood of control frames or an upload.
    private const int BytesInEventLoop = 16 * 1024;

    /// <param name="kestrel">To be configured.</param>
    /// <param name="configuration">As it is at the start.</param>
    /// <param name="values">The same values, replaced by a reload; Kestrel opens and closes endpoints accordingly.</param>
    /// <param name="certificates">What handshakes choose from, and what a CA may ask to see in one.</param>
    public static void Configure(
        KestrelServerOptions kestrel, GatewayConfiguration configuration, IConfiguration values, CertificateSources certificates)
    {
        kestrel.AddServerHeader = false;
        Apply(kestrel.Limits, configuration.Gateway);
        // Header bytes beyond ASCII pass through as they came, on this leg as on the service's.
        kestrel.RequestHeaderEncodingSelector = static name => name switch
        {
            "Content-Length" => DigitsOnly.Encoding,
            "Connection" => NominatedHeaders.Encoding,
            _ => System.Text.Encoding.Latin1,
        };
        kestrel.ResponseHeaderEncodingSelector = static _ => System.Text.Encoding.Latin1;
        var proxyProtocol = kestrel.ApplicationServices.GetRequiredService<ProxyProtocol>();
        var connectionLimits = kestrel.ApplicationServices.GetRequiredService<ConnectionLimits>();
        var slowReaders = kestrel.ApplicationServices.GetRequiredService<SlowReaders>();
        kestrel.ConfigureEndpointDefaults(endpoint =>
        {
            endpoint.Use(static next => connection => EndpointConnection.ServeAsync(connection, next));
            endpoint.Use(proxyProtocol.Middleware);
            endpoint.Use(connectionLimits.Middleware);
            endpoint.Use(slowReaders.Middleware);
            endpoint.Use(next => FirstRequest.Await(next, FirstRequestTime, endpoint.ApplicationServices.GetRequiredService<TimeProvider>()));
        });

        kestrel.Configure(values.GetSection("Kestrel"), reloadOnChange: true);
        ServeFromTable(kestrel, configuration, certificates);
    }

    /// <summary>The limits that Kestrel keeps; for connections from now on.</summary>
    public static void Apply(KestrelServerLimits kestrel, GatewayOptions options)
    {
        kestrel.MaxRequestBodySize = options.MaxRequestBodySize;
        kestrel.MaxRequestLineSize = options.Limits.MaxRequestLineSize;
        kestrel.MaxRequestHeadersTotalSize = options.Limits.MaxRequestHeadersSize;
        kestrel.MaxRequestHeaderCount = options.Limits.MaxRequestHeaderCount;
        kestrel.RequestHeadersTimeout = options.Limits.RequestHeadersTimeout;
        kestrel.Http2.MaxStreamsPerConnection = options.Limits.MaxStreamsPerConnection;
        kestrel.Http2.MaxRequestHeaderFieldSize = options.Limits.MaxRequestHeadersSize;
        kestrel.Http3.MaxRequestHeaderFieldSize = options.Limits.MaxRequestHeadersSize;
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
                    UseTable(opening, certificates.Served, certificates.Automatic?.Challenges, kestrel.ApplicationServices);
                }
            });
        }
    }

    private static void UseTable(EndpointConfiguration endpoint, ServedCertificates certificates, OpenChallenges? challenges, IServiceProvider services)
    {
        if (endpoint.ConfigSection["Protocols"] is null && QuicListener.IsSupported)
        {
            endpoint.ListenOptions.Protocols = HttpProtocols.Http1AndHttp2AndHttp3;
        }

        var timeout = services.GetRequiredService<CurrentConfiguration>().Value.Gateway.Limits.HandshakeTimeout;
        UseTls(endpoint, certificates, challenges, timeout, services);
        endpoint.ListenOptions.Use(services.GetRequiredService<ReturningOffenders>().Middleware);
        endpoint.ListenOptions.Use(services.GetRequiredService<ControlFrames>().Limit);
        endpoint.ListenOptions.Use(static next => connection =>
        {
            // A request of HTTP/1.1 goes on there to its service; of HTTP/2 Kestrel sorts the frames there and has the pool serve the requests.
            connection.Features.Get<IEventLoopFeature>()?.MostBytes = BytesInEventLoop;
            return next(connection);
        });
    }

    private static void UseTls(EndpointConfiguration endpoint, ServedCertificates certificates, OpenChallenges? challenges, TimeSpan patience, IServiceProvider services)
    {
        var (pending, handshakes) = (services.GetRequiredService<PendingHandshakes>(), services.GetRequiredService<TlsHandshakes>());
        var choice = new CertificateChoice(certificates, services.GetRequiredService<CurrentConfiguration>());
        var stream = new SslStreamTls(choice, challenges, pending, handshakes);
        if (OperatingSystem.IsLinux() && TlsServer.IsPossible && endpoint.HttpsOptions.ClientCertificateMode == ClientCertificateMode.NoCertificate)
        {
            new DirectTls(choice, challenges, pending, handshakes, services.GetRequiredService<TimeProvider>(), services.GetRequiredService<ILogger<DirectTls>>())
                .Use(endpoint.ListenOptions, endpoint.HttpsOptions.SslProtocols, patience, otherwise: () => stream.Use(endpoint.ListenOptions, endpoint.HttpsOptions, patience));
            return;
        }

        stream.Use(endpoint.ListenOptions, endpoint.HttpsOptions, patience);
    }
}
