using System.Net.Security;
using System.Net.WebSockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Gateway.Certificates;
using Gateway.Configuration;
using Gateway.Hosting;
using Gateway.Hosting.Admin;
using Gateway.Hosting.Systemd;
using Gateway.Phone;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.DependencyInjection;

namespace Gateway.Tests.Hosting;

/// <summary>The real gateway on a real TLS socket, on a free loopback port.</summary>
internal sealed class TestGateway : IAsyncDisposable
{
    private static readonly Lazy<X509Certificate2> Certificate = new(CreateCertificate);

    private readonly WebApplication _app;

    private TestGateway(WebApplication app, LogLines log) => (_app, Log, Client) = (app, log, CreateClient());

    /// <summary><c>https://127.0.0.1:PORT</c>.</summary>
    public string Address => _app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses
        .First(a => a.StartsWith("https:", StringComparison.Ordinal));

    /// <summary>Speaks HTTP/1.1 unless a request says otherwise.</summary>
    public HttpClient Client { get; }

    public LogLines Log { get; }

    /// <summary>Where the operator's endpoint listens; null where it does not.</summary>
    public string? AdminAddress => _app.Services.GetService<AdminEndpoint>()?.Address;

    public T Service<T>()
        where T : notnull => _app.Services.GetRequiredService<T>();

    public static async Task<TestGateway> StartAsync(
        GatewayConfiguration configuration, HostMode mode = HostMode.Dev, SystemdHandover? systemd = null, string url = "https://127.0.0.1:0",
        AdminListening? admin = null, PhoneSetup? phone = null, Action<IServiceCollection>? customize = null)
    {
        var certificates = new ServedCertificates(TimeProvider.System);
        certificates.Publish(CertificateSource.File, [new ServedCertificate(Certificate.Value, [], CertificateSource.File, "test")]);
        var log = new LogLines();
        var app = GatewayHost.Build(
            configuration.WithEndpoint("web", url), mode, TestConfiguration.Certificates(certificates), systemd: systemd, admin: admin, phone: phone, customize: builder =>
            {
                log.Capture(builder.Services);
                customize?.Invoke(builder.Services);
            });
        await app.StartAsync();
        return new TestGateway(app, log);
    }

    /// <summary>As <c>gateway run</c>: the endpoints, routes and rules are those of a file, which is watched.</summary>
    /// <param name="path">The file.</param>
    /// <param name="ownCertificates">Whether it names its certificates itself; else it has the one of these tests.</param>
    public static async Task<TestGateway> StartAsync(string path, bool ownCertificates = false)
    {
        var source = new ConfigurationSource(path, () => ConfigurationReader.Read(path, new Dictionary<string, string>()));
        var (configuration, errors) = source.Read();
        Assert.Empty(errors);
        var certificates = new ServedCertificates(TimeProvider.System);
        certificates.Publish(CertificateSource.LocalAuthority, [new ServedCertificate(Certificate.Value, [], CertificateSource.LocalAuthority, "test")]);
        var log = new LogLines();
        var app = GatewayHost.Build(
            configuration, HostMode.Run, ownCertificates ? CertificateSources.For(configuration, HostMode.Run, lan: false, TimeProvider.System) : TestConfiguration.Certificates(certificates),
            source, customize: builder => log.Capture(builder.Services));
        app.Services.GetRequiredService<CertificateFileWatcher>().LoadAll();
        await app.StartAsync();
        return new TestGateway(app, log);
    }

    public Uri At(string pathAndQuery) => new(Address + pathAndQuery);

    /// <summary>Opens a WebSocket over the HTTP version given, 1.1 or 2.0.</summary>
    public async Task<ClientWebSocket> ConnectWebSocketAsync(string path, Version version, CancellationToken cancellationToken)
    {
        var socket = new ClientWebSocket();
        socket.Options.HttpVersion = version;
        socket.Options.HttpVersionPolicy = HttpVersionPolicy.RequestVersionExact;
        socket.Options.KeepAliveInterval = TimeSpan.Zero;
        await socket.ConnectAsync(new Uri(At(path).ToString().Replace("https:", "wss:", StringComparison.Ordinal)), CreateClient(), cancellationToken);
        return socket;
    }

    /// <summary>As the watchdog does.</summary>
    public Task CheckItselfAsync(CancellationToken cancellationToken) => _app.Services.GetRequiredService<SelfCheck>().RunAsync(cancellationToken);

    /// <summary>As SIGTERM does.</summary>
    public Task StopAsync()
    {
        _app.Lifetime.StopApplication();
        return _app.StopAsync();
    }

    public static HttpClient CreateClient() => new(new SocketsHttpHandler
    {
        AllowAutoRedirect = false,
        EnableMultipleHttp2Connections = true,
        SslOptions = new SslClientAuthenticationOptions { RemoteCertificateValidationCallback = IsTestCertificate },
    })
    {
        Timeout = TimeSpan.FromSeconds(60),
    };

    /// <summary>Trusts the one certificate of these tests and nothing else.</summary>
    public static bool IsTestCertificate(object sender, X509Certificate? certificate, X509Chain? chain, SslPolicyErrors errors) =>
        certificate?.Equals(Certificate.Value) == true;

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        using var soon = new CancellationTokenSource(TimeSpan.FromSeconds(1));
        await _app.StopAsync(soon.Token);
        await _app.DisposeAsync();
    }

    private static X509Certificate2 CreateCertificate()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=test", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName("localhost");
        names.AddIpAddress(System.Net.IPAddress.Loopback);
        request.CertificateExtensions.Add(names.Build());
        var now = TimeProvider.System.GetUtcNow();
        return request.CreateSelfSigned(now.AddDays(-1), now.AddDays(30));
    }
}
