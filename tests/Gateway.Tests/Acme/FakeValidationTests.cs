using System.Net;
using System.Net.Security;
using Gateway.Acme;
using Gateway.Tests.Acme.Fake;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Microsoft.Extensions.DependencyInjection;

namespace Gateway.Tests.Acme;

/// <summary>The fake CA looks at what is really there: the right answer convinces it and a wrong one does not.</summary>
public sealed class FakeValidationTests
{
    [Theory]
    [InlineData("http-01", "example.com")]
    [InlineData("http-01", "127.0.0.1")]
    [InlineData("tls-alpn-01", "example.com")]
    [InlineData("tls-alpn-01", "127.0.0.1")]
    [InlineData("dns-01", "*.example.com")]
    public async Task IsConvincedByTheAnswer(string type, string name)
    {
        ChallengeAnswer? published = null;
        await using var site = await StartSiteAsync(() => published!);
        await using var session = await AcmeSession.StartAsync(Options(site, () => published!));
        Publish(session, answer => published = answer);
        await session.ObtainAsync(AcmeSession.Order(name) with { ChallengeType = type });
    }

    [Theory]
    [InlineData("http-01", "example.com")]
    [InlineData("tls-alpn-01", "example.com")]
    [InlineData("tls-alpn-01", "127.0.0.1")]
    [InlineData("dns-01", "*.example.com")]
    public async Task IsNotConvincedByTheAnswerOfAnotherAccount(string type, string name)
    {
        ChallengeAnswer? published = null;
        await using var site = await StartSiteAsync(() => published!);
        await using var session = await AcmeSession.StartAsync(Options(site, () => published!));
        Publish(session, answer => published = answer with { KeyAuthorization = answer.Token + ".somebody-else" });
        var error = await Assert.ThrowsAsync<AcmeException>(
            () => session.ObtainAsync(AcmeSession.Order(name) with { ChallengeType = type }));
        Assert.True(error.Is(AcmeProblem.Unauthorized));
    }

    [Fact]
    public async Task SaysThatNobodyListens()
    {
        await using var session = await AcmeSession.StartAsync(
            new FakeAcmeOptions { Validate = new FakeValidation(HttpPort: 1, TlsPort: 1).ValidateAsync });
        var error = await Assert.ThrowsAsync<AcmeException>(() => session.ObtainAsync("example.com"));
        Assert.True(error.Is(AcmeProblem.Connection));
    }

    private static FakeAcmeOptions Options(WebApplication site, Func<ChallengeAnswer> published)
    {
        var ports = site.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses
            .Select(address => new Uri(address).Port).ToArray();
        return new FakeAcmeOptions
        {
            Validate = new FakeValidation(ports[0], ports[1], name => name == published().DnsName ? [published().DnsValue] : []).ValidateAsync,
        };
    }

    private static void Publish(AcmeSession session, Action<ChallengeAnswer> publish)
    {
        var responder = session.Responder;
        session.Responder = responder with
        {
            Publish = (answer, token) =>
            {
                publish(answer);
                return responder.Publish(answer, token);
            },
        };
    }

    private static async Task<WebApplication> StartSiteAsync(Func<ChallengeAnswer> published)
    {
        var builder = WebApplication.CreateEmptyBuilder(new());
        builder.WebHost.UseKestrelCore().UseKestrelHttpsConfiguration().ConfigureKestrel(kestrel =>
        {
            kestrel.Listen(IPAddress.Loopback, 0);
            kestrel.Listen(IPAddress.Loopback, 0, listen => listen.UseHttps(new TlsHandshakeCallbackOptions
            {
                OnConnection = handshake => ValueTask.FromResult(new SslServerAuthenticationOptions
                {
                    ServerCertificate = handshake.ClientHelloInfo.ServerName == published().Identifier.ServerName
                        ? published().CreateTlsAlpnCertificate(TimeProvider.System)
                        : null,
                    ApplicationProtocols = [new SslApplicationProtocol(TlsAlpnCertificate.Protocol)],
                }),
            }));
        });
        var site = builder.Build();
        site.Run(context => context.Request.Path == published().HttpPath
            ? context.Response.WriteAsync(published().KeyAuthorization)
            : Task.CompletedTask);
        await site.StartAsync();
        return site;
    }
}
