using System.Net;
using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using Gateway.Certificates;
using Gateway.Configuration;
using Gateway.Hosting;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Yarp.ReverseProxy.Forwarder;

namespace Gateway.Explain;

/// <summary>
/// One request through the real gateway: TLS, server and pipeline are those of <see cref="GatewayHost"/>. Only what is around it is not:
/// the client's connection is in memory, a <see cref="RecordingService"/> answers for every service, and nothing is written or goes out.
/// </summary>
internal static class Rehearsal
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    public static async Task<RehearsedRequest> RunAsync(
        GatewayConfiguration configuration, HostMode mode, EndpointOptions endpoint, ExplainedRequest request, TimeProvider clock, CancellationToken cancellationToken)
    {
        var certificates = RehearsedCertificates.Load(configuration, mode, request.Host, clock);
        var (transport, service, watch, log) = (new MemoryTransport(), new RecordingService(), new RequestWatch(), new HeardLog());
        await using var app = GatewayHost.Build(WithOneEndpoint(configuration, endpoint), mode, certificates.Sources, customize: builder =>
        {
            var services = builder.Services;
            // They look, renew, ask and count; the server itself is added later.
            services.RemoveAll<IHostedService>();
            services.AddSingleton<IConnectionListenerFactory>(transport);
            services.AddSingleton<IForwarderHttpClientFactory>(service);
            services.AddSingleton<IDataProtectionProvider, EphemeralDataProtectionProvider>();
            services.AddSingleton<ILoggerFactory>(log);
            services.AddSingleton<IStartupFilter>(watch);
        });

        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        patience.CancelAfter(Patience);
        await app.StartAsync(patience.Token);
        var table = certificates.Sources.Served.Table;
        var result = new RehearsedRequest { Watch = watch, Log = log, CertificateNotes = certificates.Notes, IsNameCovered = table.Match(request.Host, null) is not null };
        await using var connection = transport.Connect(new IPEndPoint(request.Client, 40000), EndpointChoice.LocalAddress(endpoint, request));
        result = await ExchangeAsync(result, connection, endpoint, request, table, patience.Token);
        if (watch.HasBegun)
        {
            await watch.Ended.WaitAsync(patience.Token);
        }

        await app.StopAsync(new CancellationToken(canceled: true));
        return result with { Received = service.Received };
    }

    private static async Task<RehearsedRequest> ExchangeAsync(
        RehearsedRequest result, MemoryStreamPair connection, EndpointOptions endpoint, ExplainedRequest request, CertificateTable table, CancellationToken cancellationToken)
    {
        Stream stream = connection;
        try
        {
            if (endpoint.IsHttps)
            {
                // Whatever certificate it is: here it is only looked at.
                var tls = new SslStream(connection, leaveInnerStreamOpen: true, static (_, shown, _, _) => shown is not null);
                stream = tls;
                // An address is no server name (RFC 6066 section 3); SslStream leaves it out.
                await tls.AuthenticateAsClientAsync(new SslClientAuthenticationOptions { TargetHost = request.Host, CertificateRevocationCheckMode = X509RevocationMode.NoCheck }, cancellationToken);
                var leaf = (X509Certificate2)tls.RemoteCertificate!;
                result = result with
                {
                    Certificate = leaf,
                    Served = table.Certificates.FirstOrDefault(c => c.Leaf.Thumbprint == leaf.Thumbprint),
                    TlsProtocol = tls.SslProtocol.ToString(),
                };
            }

            await stream.WriteAsync(request.ToBytes(), cancellationToken);
            await stream.FlushAsync(cancellationToken);
            var head = await ReadHeadAsync(stream, cancellationToken);
            await connection.EndAsync();
            _ = DrainAsync(stream, cancellationToken);
            return head is null ? result : result with { Status = head.Value.Status, Headers = head.Value.Headers };
        }
        catch (Exception e) when (e is AuthenticationException or IOException)
        {
            return result with { ConnectionFailure = (e.InnerException ?? e).Message };
        }
    }

    /// <summary>The configuration with this endpoint alone to listen on, speaking HTTP/1.1, and without places for the log.</summary>
    private static GatewayConfiguration WithOneEndpoint(GatewayConfiguration configuration, EndpointOptions endpoint)
    {
        var own = $"Kestrel:Endpoints:{endpoint.Name}:";
        var values = configuration.Root.AsEnumerable().Where(v => v.Value is not null)
            .Where(v => !IsUnder(v.Key, "Serilog") && (!IsUnder(v.Key, "Kestrel:Endpoints") || v.Key.StartsWith(own, StringComparison.OrdinalIgnoreCase)))
            .Where(v => !(IsUnder(v.Key, "Kestrel") && v.Key.EndsWith(":Protocols", StringComparison.OrdinalIgnoreCase)))
            .Append(KeyValuePair.Create(own + "Protocols", (string?)"Http1"));
        return configuration with
        {
            Gateway = configuration.Gateway with { AccessLog = null },
            Root = new ConfigurationBuilder().AddInMemoryCollection(values).Build(),
            // Nobody asks services whether they are up.
            Clusters = [.. configuration.Clusters.Select(c => c.HealthCheck?.Active is null ? c : c with { HealthCheck = c.HealthCheck with { Active = null } })],
        };
    }

    private static async Task<(int Status, List<KeyValuePair<string, string>> Headers)?> ReadHeadAsync(Stream stream, CancellationToken cancellationToken)
    {
        var text = "";
        var buffer = new byte[4096];
        int end;
        while ((end = text.IndexOf("\r\n\r\n", StringComparison.Ordinal)) < 0)
        {
            var read = await stream.ReadAsync(buffer, cancellationToken);
            if (read == 0)
            {
                return null;
            }

            text += System.Text.Encoding.Latin1.GetString(buffer, 0, read);
        }

        var lines = text[..end].Split("\r\n");
        var headers = lines.Skip(1).Select(line => line.Split(':', 2)).Select(parts => KeyValuePair.Create(parts[0], parts[1].Trim())).ToList();
        return (int.Parse(lines[0].Split(' ')[1], System.Globalization.CultureInfo.InvariantCulture), headers);
    }

    // So that nobody waits for the client to take the rest.
    private static async Task DrainAsync(Stream stream, CancellationToken cancellationToken)
    {
        var buffer = new byte[16 * 1024];
        try
        {
            while (await stream.ReadAsync(buffer, cancellationToken) > 0)
            {
            }
        }
        catch (Exception e) when (e is IOException or OperationCanceledException or ObjectDisposedException or InvalidOperationException)
        {
            // It is over.
        }
    }

    private static bool IsUnder(string key, string section) => key.StartsWith(section + ":", StringComparison.OrdinalIgnoreCase);
}

/// <summary>What became of a request.</summary>
internal sealed record RehearsedRequest
{
    public required RequestWatch Watch { get; init; }

    public required HeardLog Log { get; init; }

    public required IReadOnlyList<string> CertificateNotes { get; init; }

    /// <summary>Whether a certificate of the gateway's table is for the host.</summary>
    public required bool IsNameCovered { get; init; }

    /// <summary>The certificate that the client was shown; null over plain HTTP or when the handshake was refused.</summary>
    public X509Certificate2? Certificate { get; init; }

    /// <summary>The same in the gateway's table; null where the endpoint has one of its own.</summary>
    public ServedCertificate? Served { get; init; }

    public string? TlsProtocol { get; init; }

    /// <summary>Why there was no answer at all.</summary>
    public string? ConnectionFailure { get; init; }

    /// <summary>Whether it came as far as the routes.</summary>
    public bool WasRouted => Watch.Endpoint is not null || (Status == StatusCodes.Status404NotFound && Watch.Refusal is null);

    /// <summary>Of the answer; null when there was none.</summary>
    public int? Status { get; init; }

    /// <summary>Of the answer.</summary>
    public IReadOnlyList<KeyValuePair<string, string>> Headers { get; init; } = [];

    /// <summary>What the service would have received; null when the gateway answers itself.</summary>
    public ServiceRequest? Received { get; init; }
}
