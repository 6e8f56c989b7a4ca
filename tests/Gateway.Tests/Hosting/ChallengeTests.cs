using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using Gateway.Acme;
using Gateway.Certificates;
using Gateway.Certificates.Automatic;
using Gateway.Configuration;
using Gateway.Hosting;
using Gateway.Tests.Acme.Fake;
using Gateway.Tests.Certificates;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace Gateway.Tests.Hosting;

/// <summary>With the gateway's own TLS where there is that, which is on Linux.</summary>
public sealed class DirectChallengeTests() : ChallengeTests(isSslStream: false);

/// <summary>With Kestrel's.</summary>
public sealed class KestrelChallengeTests() : ChallengeTests(isSslStream: true);

/// <summary>What a CA that validates sees of a whole gateway, and what everybody else sees meanwhile.</summary>
public abstract class ChallengeTests(bool isSslStream) : IAsyncLifetime
{
    private static readonly AcmeIdentifier Name = AcmeIdentifier.Parse("www.example.com");

    private readonly TestFolder _folder = new();
    private TestService _service = null!;
    private WebApplication _gateway = null!;
    private OpenChallenges _challenges = null!;
    private int _httpPort;
    private int _tlsPort;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _service = await TestService.StartAsync(context => context.Response.WriteAsync("service " + context.Request.Path));
        var served = new ServedCertificates(TimeProvider.System);
        served.Publish(CertificateSource.File, [TestIssuer.Shared.Serve([Name.Value])]);
        var automatic = AutomaticSource.In(_folder.Path, TimeProvider.System);
        _challenges = automatic.Challenges;
        var configuration = TestConfiguration.ForService(_service.Address) with { AllowedHosts = ["other.example.com"] };
        configuration = configuration.WithEndpoint("https", "https://127.0.0.1:0").WithEndpoint("http", "http://127.0.0.1:0");
        configuration = isSslStream ? configuration.WithSslStream("https") : configuration;

        // The redirect is to the port that clients know.
        configuration = configuration with { Endpoints = [.. configuration.Endpoints.Select(endpoint => endpoint with { Port = endpoint.IsHttps ? 443 : 80 })] };
        _gateway = GatewayHost.Build(
            configuration,
            HostMode.Run,
            TestConfiguration.Certificates(served) with { Automatic = automatic },
            customize: builder => new LogLines().Capture(builder.Services));
        await _gateway.StartAsync(Token);
        var addresses = _gateway.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses;
        _httpPort = new Uri(addresses.Single(address => address.StartsWith("http:", StringComparison.Ordinal))).Port;
        _tlsPort = new Uri(addresses.Single(address => address.StartsWith("https:", StringComparison.Ordinal))).Port;
    }

    public async ValueTask DisposeAsync()
    {
        using var soon = new CancellationTokenSource(TimeSpan.FromSeconds(1));
        await _gateway.StopAsync(soon.Token);
        await _gateway.DisposeAsync();
        await _service.DisposeAsync();
        _folder.Dispose();
        GC.SuppressFinalize(this);
    }

    [Fact]
    public async Task AnswersAnHttpChallengeBeforeRedirectHostRulesAndRoutes()
    {
        _challenges.Publish(Answer(AcmeChallenge.Http01));
        using var answer = await GetAsync("/.well-known/acme-challenge/token-1");
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Assert.Equal("token-1.thumbprint", await answer.Content.ReadAsStringAsync(Token));

        _challenges.Unpublish(Answer(AcmeChallenge.Http01));
        using var later = await GetAsync("/.well-known/acme-challenge/token-1");
        Assert.Equal(HttpStatusCode.PermanentRedirect, later.StatusCode);
    }

    [Theory]
    [InlineData("/.well-known/acme-challenge/token-2")]
    [InlineData("/.well-known/acme-challenge/")]
    [InlineData("/.well-known/acme-challenge/..%2f..%2fnames%2fwww.example.com.json")]
    [InlineData("/.well-known/acme-challenge/token-1/more")]
    public async Task LetsWhatIsNotItsOwnFallThrough(string path)
    {
        _challenges.Publish(Answer(AcmeChallenge.Http01));
        using var answer = await GetAsync(path);
        Assert.Equal(HttpStatusCode.PermanentRedirect, answer.StatusCode);
    }

    [Fact]
    public async Task AnUnknownTokenReachesTheServiceBehind()
    {
        using var client = new HttpClient(new SocketsHttpHandler { SslOptions = { RemoteCertificateValidationCallback = Any } });
        using var request = new HttpRequestMessage(HttpMethod.Get, $"https://127.0.0.1:{_tlsPort}/.well-known/acme-challenge/of-the-service");
        request.Headers.Host = "other.example.com";
        using var answer = await client.SendAsync(request, Token);
        Assert.Equal("service /.well-known/acme-challenge/of-the-service", await answer.Content.ReadAsStringAsync(Token));
    }

    [Fact]
    public async Task AnswersForAnotherGatewayOnTheSameStateDirectory()
    {
        new OpenChallenges(new AcmeFolder(_folder.Path), TimeProvider.System).Publish(Answer(AcmeChallenge.Http01));
        using var answer = await GetAsync("/.well-known/acme-challenge/token-1");
        Assert.Equal("token-1.thumbprint", await answer.Content.ReadAsStringAsync(Token));
    }

    [Fact]
    public async Task ShowsTheChallengeToAClientWhoseOneProtocolIsAcme()
    {
        _challenges.Publish(Answer(AcmeChallenge.TlsAlpn01));
        var (protocol, certificate) = await HandshakeAsync("acme-tls/1");
        Assert.Equal("acme-tls/1", protocol);
        var extension = Assert.Single(certificate.Extensions, extension => extension.Oid!.Value == "1.3.6.1.5.5.7.1.31");
        Assert.True(extension.Critical);
    }

    [Theory]
    [InlineData("h2", "http/1.1")]
    [InlineData("http/1.1")]
    [InlineData("acme-tls/1", "http/1.1")]
    [InlineData]
    public async Task ShowsTheCertificateToEverybodyElseMeanwhile(params string[] protocols)
    {
        _challenges.Publish(Answer(AcmeChallenge.TlsAlpn01));
        var (protocol, certificate) = await HandshakeAsync(protocols);
        Assert.NotEqual("acme-tls/1", protocol);
        Assert.Equal("CN=Test intermediate", certificate.Issuer);
    }

    [Fact]
    public async Task HasNoChallengeForAnotherName()
    {
        _challenges.Publish(Answer(AcmeChallenge.TlsAlpn01) with { Identifier = AcmeIdentifier.Parse("else.example.com") });
        await Assert.ThrowsAnyAsync<Exception>(() => HandshakeAsync("acme-tls/1"));
    }

    [Fact]
    public async Task ServesRequestsOfClientsWhoseHelloComesInPieces()
    {
        _challenges.Publish(Answer(AcmeChallenge.TlsAlpn01));
        using var client = new HttpClient(new SocketsHttpHandler
        {
            SslOptions = { RemoteCertificateValidationCallback = Any },
            ConnectCallback = async (context, token) =>
            {
                var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
                await socket.ConnectAsync(context.DnsEndPoint.Host, context.DnsEndPoint.Port, token);
                return new Drip(new NetworkStream(socket, ownsSocket: true));
            },
        });
        using var request = new HttpRequestMessage(HttpMethod.Get, $"https://127.0.0.1:{_tlsPort}/hello");
        request.Headers.Host = "other.example.com";
        using var answer = await client.SendAsync(request, Token);
        Assert.Equal("service /hello", await answer.Content.ReadAsStringAsync(Token));
    }

    [Fact]
    public async Task ClosesTheConnectionOfTheCaAfterTheHandshake()
    {
        _challenges.Publish(Answer(AcmeChallenge.TlsAlpn01));
        using var tcp = new TcpClient();
        await tcp.ConnectAsync(IPAddress.Loopback, _tlsPort, Token);
        await using var tls = new SslStream(tcp.GetStream());
        await tls.AuthenticateAsClientAsync(ClientOptions("acme-tls/1"), Token);
        var answer = new byte[100];
        var read = await tls.ReadAsync(answer, Token).AsTask().ContinueWith(reading => reading.IsCompletedSuccessfully ? reading.Result : 0, TaskScheduler.Default);
        Assert.Equal(0, read);
    }

    [Fact]
    public async Task SatisfiesAValidatingCa()
    {
        var account = new FakeAccount("https://ca.example/account/1", []);
        var validation = new FakeValidation(_httpPort, _tlsPort);
        foreach (var (type, identifier) in new[] { ("http-01", Name), ("tls-alpn-01", Name), ("tls-alpn-01", AcmeIdentifier.Parse("127.0.0.1")) })
        {
            var authorization = new FakeAuthorization("", account, new FakeIdentifier(identifier.Type, identifier.Value), wildcard: false);
            var challenge = new FakeChallenge("", type, authorization, "token-3");
            await Assert.ThrowsAnyAsync<Exception>(() => validation.ValidateAsync(challenge, Token));

            _challenges.Publish(new ChallengeAnswer(type, identifier, "token-3", challenge.KeyAuthorization));
            await validation.ValidateAsync(challenge, Token);
            _challenges.Unpublish(new ChallengeAnswer(type, identifier, "token-3", challenge.KeyAuthorization));
        }
    }

    // Which one it is, is what is tested.
    private static bool Any(object sender, X509Certificate? certificate, X509Chain? chain, SslPolicyErrors errors) => certificate is not null;

    private static ChallengeAnswer Answer(string type) => new(type, Name, "token-1", "token-1.thumbprint");

    private static SslClientAuthenticationOptions ClientOptions(params string[] protocols) => new()
    {
        TargetHost = Name.Value,
        ApplicationProtocols = protocols.Length == 0 ? null : [.. protocols.Select(protocol => new SslApplicationProtocol(protocol))],
        RemoteCertificateValidationCallback = Any,
    };

    private async Task<(string Protocol, X509Certificate2 Certificate)> HandshakeAsync(params string[] protocols)
    {
        using var tcp = new TcpClient();
        await tcp.ConnectAsync(IPAddress.Loopback, _tlsPort, Token);
        await using var tls = new SslStream(tcp.GetStream());
        await tls.AuthenticateAsClientAsync(ClientOptions(protocols), Token);
        return (tls.NegotiatedApplicationProtocol.ToString(), new X509Certificate2(tls.RemoteCertificate!));
    }

    private async Task<HttpResponseMessage> GetAsync(string path)
    {
        using var client = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false });
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri($"http://127.0.0.1:{_httpPort}{path}", new UriCreationOptions { DangerousDisablePathAndQueryCanonicalization = true }));
        request.Headers.Host = Name.Value;
        return await client.SendAsync(request, Token);
    }

    /// <summary>Writes three bytes at a time.</summary>
    private sealed class Drip(Stream inner) : Stream
    {
        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => true;

        public override long Length => throw new NotSupportedException();

        public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

        public override void Flush() => inner.Flush();

        public override int Read(byte[] buffer, int offset, int count) => inner.Read(buffer, offset, count);

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) => inner.ReadAsync(buffer, cancellationToken);

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => inner.Write(buffer, offset, count);

        public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
        {
            for (; buffer.Length > 0; buffer = buffer[Math.Min(3, buffer.Length)..])
            {
                await inner.WriteAsync(buffer[..Math.Min(3, buffer.Length)], cancellationToken);
                await Task.Yield();
            }
        }

        protected override void Dispose(bool disposing)
        {
            inner.Dispose();
            base.Dispose(disposing);
        }
    }
}
