using System.Net;
using Gateway.Configuration;
using Gateway.Tests.Hosting;

namespace Gateway.Tests.Boundary;

/// <summary>What a client says about itself, seen as bytes at the service.</summary>
public sealed class ForgeryTests(GatewayWithWitness fixture) : IClassFixture<GatewayWithWitness>
{
    // The mark of everything forged: no header of the gateway's holds it.
    private const string Forged = "203.0.113.99";

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private static readonly string[] Names =
    [
        "X-Real-IP", "x-real-ip", "X-REAL-IP", "X_Real_IP", "X-Real_IP", "x_real-ip", "X.Real.IP", "X~Real~IP", "X!Real!IP", "X-Real-Port", "X-Real-Host", "X-Real-Proto",
        "X-Forwarded-For", "x-forwarded-for", "X_Forwarded_For", "X-Forwarded_For", "X.Forwarded.For", "X-Forwarded-Proto", "X_Forwarded_Proto", "X-Forwarded-Host", "X_FORWARDED_HOST",
        "X-Forwarded-Port", "X-Forwarded-Prefix", "X-Forwarded-Server", "X-Forwarded-Scheme", "X-Forwarded-Ssl", "X-Forwarded-User", "X-Forwarded-Client-Cert", "X-Forwarded-Tls-Client-Cert",
        "X-Forwarded", "X-Forward-For", "X-Forwarder-For", "Forwarded", "forwarded", "Forwarded-For",
        "X-Client-IP", "Client-IP", "Client_IP", "X-Cluster-Client-IP", "X-Remote-IP", "X-Remote-Addr", "X-Remote-User", "X-Remote-Host", "Remote-User", "Remote_User", "Remote-Addr", "REMOTE_ADDR",
        "Remote-Groups", "Remote-Email", "Remote-Name", "X-Originating-IP", "True-Client-IP", "CF-Connecting-IP", "Fastly-Client-IP", "X-Azure-ClientIP", "X-ProxyUser-IP",
        "X-Original-For", "X-Original-Host", "X-Original-Proto", "X-Original-Remote-Addr", "X-Original-Forwarded-For", "X-Envoy-External-Address", "X-Envoy-Original-Path", "X-Envoy-Internal",
        "X-SSL-Client-Verify", "SSL-Client-Cert", "SSL_CLIENT_VERIFY", "X-Client-Cert", "X-ARR-ClientCert", "Client-Cert", "Client-Cert-Chain",
        "X-Auth-Request-User", "X-WebAuth-User", "X-Authenticated-User", "X-MS-Client-Principal", "X-MS-Client-Principal-Name", "X-Scheme", "X-Url-Scheme", "Front-End-Https", "X-Host",
        "X-HTTP-Method-Override", "X_HTTP_Method_Override", "X-HTTP-Method", "X-Method-Override", "X-Original-URL", "X_Original_URL", "X-Original-URI", "X-Rewrite-URL", "X-Override-URL",
        "X-HTTP-Host-Override", "Proxy", "proxy", "X-Middleware-Subrequest", "X-Sendfile-Type", "X-Accel-Mapping", "X_Content_Length", "Authorization_", "Content_Length", "Transfer_Encoding", "Host_",
    ];

    public static TheoryData<string> Headers => [.. Names.Except(["Authorization_", "Host_"])];

    [Theory]
    [MemberData(nameof(Headers))]
    public async Task NeverReachesTheService(string name)
    {
        fixture.Witness.Forget();

        // Once, twice, as a list, and with the gateway's own headers nominated by Connection.
        var answer = await Adversary.SendAsync(
            fixture.Gateway,
            $"GET /p HTTP/1.1\r\nHost: localhost\r\n{name}: {Forged}\r\nX-Harmless: 1\r\n{name}: {Forged}, {Forged}\r\n\r\n"
            + $"GET /q HTTP/1.1\r\nHost: localhost\r\nConnection: X-Real-IP, X-Forwarded-For, X-Forwarded-Proto, X-Forwarded-Host, {name}, close\r\n{name}: {Forged}\r\n\r\n",
            Cancellation);

        Assert.Equal([200, 200], answer.Statuses);
        Assert.Equal(["/p", "/q"], fixture.Witness.Requests.Select(request => request.Target));
        Assert.All(fixture.Witness.Requests, AssertTrue);
        Assert.Equal(["1"], fixture.Witness.Requests.First().Values("X-Harmless"));
    }

    private static void AssertTrue(Testimony request)
    {
        Assert.DoesNotContain(Forged, request.Head, StringComparison.Ordinal);
        Assert.Equal(["127.0.0.1"], request.Values("X-Real-IP"));
        Assert.Equal(["127.0.0.1"], request.Values("X-Forwarded-For"));
        Assert.Equal(["https"], request.Values("X-Forwarded-Proto"));
        Assert.Equal(["localhost"], request.Values("X-Forwarded-Host"));
        Assert.Equal(["localhost"], request.Values("Host"));
    }

    [Fact]
    public void TheTableIsLargeEnough() => Assert.True(Names.Length >= 60);

    [Theory]
    [InlineData("X-Nominated", "X-Nominated")]
    [InlineData("x-NOMINATED ,  close", "X-Nominated")]
    [InlineData("close\r\nConnection: x-nominated", "X-Nominated")]
    [InlineData(",,X-Nominated,,", "X-Nominated")]
    [InlineData("keep-alive\r\nConnection: X-Nominated", "X-Nominated")]
    [InlineData("X-Nominated\r\nConnection: keep-alive, te", "X-Nominated")]
    [InlineData("Upgrade, X-Nominated", "X-Nominated")]
    [InlineData("\tX-Nominated\t", "X-Nominated")]
    [InlineData("Keep-Alive", "Keep-Alive")]
    [InlineData("close", "Keep-Alive")]
    [InlineData("close", "Proxy-Connection")]
    [InlineData("close", "Proxy-Authorization")]
    [InlineData("close", "TE")]
    public async Task WhatIsMeantForTheNextHopEndsAtTheGateway(string connection, string name)
    {
        fixture.Witness.Forget();

        await Adversary.SendAsync(fixture.Gateway, $"GET /p HTTP/1.1\r\nHost: localhost\r\nConnection: {connection}\r\n{name}: {Forged}\r\n\r\nGET /last HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n", Cancellation);

        AssertTrue(fixture.Witness.Requests.First());
    }

    [Theory]
    [InlineData("Authorization", "Basic Zm9yZ2Vk")]
    [InlineData("Cookie", "a=b; c=d")]
    [InlineData("X-Request-Id", "abc")]
    [InlineData("X-API-Key", "abc")]
    [InlineData("X-Requested-With", "XMLHttpRequest")]
    [InlineData("X_Custom_Header", "abc")]
    [InlineData("Via", "1.1 other")]
    [InlineData("User-Agent", "curl/8")]
    public async Task LeavesAloneWhatIsTheClientsToSay(string name, string value)
    {
        fixture.Witness.Forget();

        await Adversary.SendAsync(fixture.Gateway, $"GET /p HTTP/1.1\r\nHost: localhost\r\n{name}: {value}\r\nConnection: close\r\n\r\n", Cancellation);

        Assert.Equal([value], Assert.Single(fixture.Witness.Requests).Values(name));
    }

    [Theory]
    // Each appended by the proxy to the right of it; the peer is the last one.
    [InlineData("1.2.3.4", "1.2.3.4", "1.2.3.4, 127.0.0.1")]
    [InlineData("203.0.113.99, 1.2.3.4", "1.2.3.4", "1.2.3.4, 127.0.0.1")]
    [InlineData("203.0.113.99,1.2.3.4 , 10.1.2.3", "1.2.3.4", "1.2.3.4, 10.1.2.3, 127.0.0.1")]
    [InlineData("203.0.113.99\r\nX-Forwarded-For: 1.2.3.4", "1.2.3.4", "1.2.3.4, 127.0.0.1")]
    [InlineData("203.0.113.99, 2001:db8::1, 10.1.2.3", "2001:db8::1", "2001:db8::1, 10.1.2.3, 127.0.0.1")]
    [InlineData("203.0.113.99, [2001:db8::1]:4711, 10.1.2.3:80", "2001:db8::1", "[2001:db8::1]:4711, 10.1.2.3:80, 127.0.0.1")]
    [InlineData("203.0.113.99, ::ffff:1.2.3.4, ::ffff:10.1.2.3", "1.2.3.4", "::ffff:1.2.3.4, ::ffff:10.1.2.3, 127.0.0.1")]
    [InlineData("10.9.9.9, 10.1.2.3", "10.9.9.9", "10.9.9.9, 10.1.2.3, 127.0.0.1")]
    [InlineData("203.0.113.99, unknown", "127.0.0.1", "127.0.0.1")]
    [InlineData("203.0.113.99, _hidden, 10.1.2.3", "10.1.2.3", "10.1.2.3, 127.0.0.1")]
    [InlineData("203.0.113.99, 1", "127.0.0.1", "127.0.0.1")]
    [InlineData("203.0.113.99, 0x0a010203", "127.0.0.1", "127.0.0.1")]
    [InlineData("203.0.113.99, 010.1.2.3", "127.0.0.1", "127.0.0.1")]
    [InlineData("203.0.113.99, 1.2.3.4:99999", "127.0.0.1", "127.0.0.1")]
    [InlineData("203.0.113.99, 1.2.3.4:-1", "127.0.0.1", "127.0.0.1")]
    [InlineData("203.0.113.99, [1.2.3.4", "127.0.0.1", "127.0.0.1")]
    [InlineData("203.0.113.99, fe80::1%eth0", "127.0.0.1", "127.0.0.1")]
    [InlineData("203.0.113.99, 1.2.3.4;", "127.0.0.1", "127.0.0.1")]
    [InlineData("203.0.113.99, \"1.2.3.4\"", "127.0.0.1", "127.0.0.1")]
    [InlineData(", ,", "127.0.0.1", "127.0.0.1")]
    public async Task ATrustedProxysChainIsReadFromTheRight(string sent, string client, string chain)
    {
        var request = await BehindTrustedProxyAsync($"X-Forwarded-For: {sent}\r\nX-Real-IP: {Forged}\r\nForwarded: for={Forged}\r\n");

        Assert.Equal([client], request.Values("X-Real-IP"));
        Assert.Equal([chain], request.Values("X-Forwarded-For"));
        Assert.DoesNotContain(Forged, request.Head, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("user@203.0.113.99")]
    [InlineData("203.0.113.99#")]
    [InlineData("203.0.113.99/x")]
    [InlineData("203.0.113.99?x")]
    [InlineData("203.0.113.99\\x")]
    [InlineData("203.0.113.99:port")]
    [InlineData("203.0.113.99 x")]
    public async Task ATrustedProxysHostMustBeOne(string host)
    {
        var request = await BehindTrustedProxyAsync($"X-Forwarded-Host: {host}\r\n");

        Assert.Equal(["localhost"], request.Values("Host"));
        Assert.Equal(["localhost"], request.Values("X-Forwarded-Host"));
    }

    [Fact]
    public async Task ATrustedProxysOwnWordCountsAndNotWhatStandsLeftOfIt()
    {
        var request = await BehindTrustedProxyAsync($"X-Forwarded-Host: {Forged}, chat.example.com:8443\r\nX-Forwarded-Proto: gopher, http\r\n");

        Assert.Equal(["chat.example.com:8443"], request.Values("Host"));
        Assert.Equal(["http"], request.Values("X-Forwarded-Proto"));
    }

    private static async Task<Testimony> BehindTrustedProxyAsync(string headers)
    {
        await using var witness = new Witness();
        await using var gateway = await TestGateway.StartAsync(TestConfiguration.ForService(witness.Address) with
        {
            Gateway = new GatewayOptions { TrustedProxies = [IPNetwork.Parse("127.0.0.0/8"), IPNetwork.Parse("10.0.0.0/8")], HttpsRedirect = false },
        });
        await Adversary.SendAsync(gateway, $"GET /p HTTP/1.1\r\nHost: localhost\r\n{headers}Connection: close\r\n\r\n", Cancellation);
        return Assert.Single(witness.Requests);
    }
}
