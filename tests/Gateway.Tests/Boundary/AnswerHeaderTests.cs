using System.Net;
using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using Gateway.Certificates;
using Gateway.Configuration;
using Gateway.Hosting;
using Gateway.Tests.Certificates;
using Gateway.Tests.Hosting;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.DependencyInjection;

namespace Gateway.Tests.Boundary;

/// <summary>What answers say about the gateway and to the browser.</summary>
public sealed class AnswerHeaderTests
{
    private const string Name = "chat.example.com";

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    /// <summary>The answer to one request over TLS, or over plain HTTP where there is no certificate.</summary>
    private static async Task<HttpResponseMessage> AnswerAsync(
        ServedCertificate? certificate, string host = Name, string serviceHeaders = "", GatewayOptions? options = null, Func<GatewayConfiguration, GatewayConfiguration>? change = null)
    {
        await using var witness = new Witness(_ => $"HTTP/1.1 200 OK\r\n{serviceHeaders}Content-Length: 2\r\n\r\nok");
        var certificates = new ServedCertificates(TimeProvider.System);
        var configuration = TestConfiguration.ForService(witness.Address) with { Gateway = options ?? new GatewayOptions() };
        configuration = configuration.WithEndpoint("one", certificate is null ? "http://127.0.0.1:0" : "https://127.0.0.1:0");
        if (certificate is not null)
        {
            certificates.Publish(certificate.Source, [certificate]);
        }

        await using var app = GatewayHost.Build(
            change?.Invoke(configuration) ?? configuration, HostMode.Run, TestConfiguration.Certificates(certificates), customize: builder => new LogLines().Capture(builder.Services));
        await app.StartAsync(Cancellation);
        var address = app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single();
        using var client = new HttpClient(new SocketsHttpHandler
        {
            SslOptions = new SslClientAuthenticationOptions { TargetHost = Name, RemoteCertificateValidationCallback = (_, leaf, _, _) => certificate?.Leaf.Equals(leaf) == true },
        });
        using var request = new HttpRequestMessage(HttpMethod.Get, address) { Headers = { Host = host } };
        return await client.SendAsync(request, Cancellation);
    }

    private static ServedCertificate Of(CertificateSource source, X509Certificate2? leaf = null) =>
        new(leaf ?? TestIssuer.Shared.Issue([Name]), [], source, "test");

    private static string? Sts(HttpResponseMessage answer) =>
        answer.Headers.TryGetValues("Strict-Transport-Security", out var values) ? string.Join("; and ", values) : null;

    [Theory]
    [InlineData("")]
    [InlineData("Server: Apache/2.2 (Debian)\r\n")]
    [InlineData("server: uvicorn\r\nServer: Apache\r\n")]
    public async Task NoAnswerSaysWhichSoftwareStandsBehindIt(string serviceHeaders)
    {
        using var answer = await AnswerAsync(Of(CertificateSource.File), serviceHeaders: serviceHeaders);

        Assert.False(answer.Headers.Contains("Server"));
    }

    [Fact]
    public async Task ARouteMaySetAServerHeader()
    {
        using var answer = await AnswerAsync(Of(CertificateSource.File), serviceHeaders: "Server: Apache\r\n", change: configuration => configuration with
        {
            Routes = [configuration.Routes[0] with { Transforms = [new Dictionary<string, string> { ["ResponseHeader"] = "Server", ["Set"] = "mine", ["When"] = "Always" }] }],
        });

        Assert.Equal("mine", answer.Headers.Server.ToString());
    }

    [Theory]
    [InlineData(CertificateSource.File)]
    [InlineData(CertificateSource.Acme)]
    public async Task APublicCertificateBringsStrictTransportSecurity(object source)
    {
        using var answer = await AnswerAsync(Of((CertificateSource)source));

        Assert.Equal("max-age=31536000", Sts(answer));
    }

    [Fact]
    public async Task TheServicesOwnRuleStands()
    {
        using var answer = await AnswerAsync(Of(CertificateSource.File), serviceHeaders: "Strict-Transport-Security: max-age=1\r\n");

        Assert.Equal("max-age=1", Sts(answer));
    }

    [Fact]
    public async Task TheRuleCanBeSet()
    {
        using var answer = await AnswerAsync(Of(CertificateSource.File), options: new GatewayOptions { StrictTransportSecurity = "max-age=60; preload" });

        Assert.Equal("max-age=60; preload", Sts(answer));
    }

    [Fact]
    public async Task TheRuleCanBeTurnedOff()
    {
        using var answer = await AnswerAsync(Of(CertificateSource.File), options: new GatewayOptions { StrictTransportSecurity = null });

        Assert.Null(Sts(answer));
    }

    [Theory]
    [InlineData("localhost")]
    [InlineData("LOCALHOST:5443")]
    [InlineData("app.localhost")]
    [InlineData("192.0.2.1")]
    [InlineData("[2001:db8::1]:8443")]
    public async Task NoBrowserIsToldToRememberALocalNameOrAnAddress(string host)
    {
        using var answer = await AnswerAsync(Of(CertificateSource.File), host, "Strict-Transport-Security: max-age=1\r\n");

        Assert.Null(Sts(answer));
    }

    [Fact]
    public async Task NeverWithTheLocalAuthority()
    {
        using var answer = await AnswerAsync(Of(CertificateSource.LocalAuthority), serviceHeaders: "Strict-Transport-Security: max-age=1\r\n");

        Assert.Null(Sts(answer));
    }

    [Fact]
    public async Task NeverWithASelfSignedCertificate()
    {
        using var answer = await AnswerAsync(Of(CertificateSource.File, TestIssuer.Shared.Root), serviceHeaders: "Strict-Transport-Security: max-age=1\r\n");

        Assert.Null(Sts(answer));
    }

    [Fact]
    public async Task NeverOnPlainHttp()
    {
        using var answer = await AnswerAsync(null);

        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Assert.Null(Sts(answer));
    }
}
