using System.Net;
using Gateway.Boundary;
using Gateway.Configuration;
using Gateway.Tests.Hosting;
using Microsoft.AspNetCore.Http;

namespace Gateway.Tests.Boundary;

/// <summary>Who may open a WebSocket, and where.</summary>
public sealed class WebSocketRulesTests
{
    private const string Handshake = "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";
    private const string Accept = "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n";

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private static GatewayConfiguration With(string address, bool allowed = true, params string[] origins)
    {
        var configuration = TestConfiguration.ForService(address);
        return configuration with
        {
            Gateway = new GatewayOptions { AllowedOrigins = origins },
            Routes = [configuration.Routes[0] with { Metadata = allowed ? configuration.Routes[0].Metadata : null }],
        };
    }

    /// <summary>The status of a handshake over HTTP/1.1, and what the service saw.</summary>
    private static async Task<(int Status, Testimony? Seen)> ShakeHandsAsync(string more, bool allowed = true, params string[] origins)
    {
        await using var witness = new Witness(request => request.Values("Upgrade").Length > 0 ? Accept : "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
        await using var gateway = await TestGateway.StartAsync(With(witness.Address, allowed, origins));
        await using var tls = await Adversary.ConnectAsync(gateway, null, Cancellation);
        await tls.WriteAsync(System.Text.Encoding.Latin1.GetBytes($"GET /ws HTTP/1.1\r\nHost: chat.example.com\r\n{Handshake}{more}\r\n"), Cancellation);
        var status = new byte[12];
        await tls.ReadExactlyAsync(status, Cancellation);
        return (int.Parse(System.Text.Encoding.ASCII.GetString(status)[9..], System.Globalization.CultureInfo.InvariantCulture), witness.Requests.SingleOrDefault());
    }

    /// <summary>The same over HTTP/2.</summary>
    private static async Task<(string Outcome, Testimony? Seen)> ConnectAsync(bool allowed, params (string Name, string Value)[] more)
    {
        await using var witness = new Witness();
        await using var gateway = await TestGateway.StartAsync(With(witness.Address, allowed));
        await using var adversary = await Adversary.ConnectHttp2Async(gateway, Cancellation);
        await adversary.SendAsync(
            Http2Adversary.Frame(Http2Adversary.Headers, Http2Adversary.EndHeaders, 1, Http2Adversary.Request("CONNECT", "/ws", [(":protocol", "websocket"), ("sec-websocket-version", "13"), .. more])), Cancellation);
        return (await adversary.OutcomeAsync(1, Cancellation), witness.Requests.SingleOrDefault());
    }

    [Theory]
    [InlineData("")]
    [InlineData("Origin: https://chat.example.com\r\n")]
    [InlineData("Origin: https://chat.example.com:443\r\n")]
    [InlineData("Origin: https://CHAT.example.com\r\n")]
    public async Task IsOpenToProgramsAndToPagesOfTheSameHost(string origin)
    {
        var (status, seen) = await ShakeHandsAsync(origin);

        Assert.Equal(101, status);
        Assert.Equal(["websocket"], seen!.Values("Upgrade"));
    }

    [Theory]
    [InlineData("Origin: https://evil.example\r\n")]
    [InlineData("Origin: null\r\n")]
    [InlineData("Origin: \r\n")]
    [InlineData("Origin: http://chat.example.com:8080\r\n")]
    [InlineData("Origin: https://chat.example.com:8443\r\n")]
    [InlineData("Origin: https://chat.example.com.evil.example\r\n")]
    [InlineData("Origin: https://chat.example.com@evil.example\r\n")]
    [InlineData("Origin: https://evil.example/chat.example.com\r\n")]
    [InlineData("Origin: chat.example.com\r\n")]
    [InlineData("Origin: wss://chat.example.com\r\n")]
    [InlineData("Origin: https://chat.example.com\r\nOrigin: https://evil.example\r\n")]
    [InlineData("Origin: https://chat.example.com, https://evil.example\r\n")]
    [InlineData("Origin: https://chat.example.com https://evil.example\r\n")]
    public async Task IsClosedToPagesOfOthers(string origin)
    {
        var (status, seen) = await ShakeHandsAsync(origin);

        Assert.Equal(403, status);
        Assert.Null(seen);
    }

    [Fact]
    public async Task OriginCountsOverHttp2Too()
    {
        var (outcome, seen) = await ConnectAsync(true, ("origin", "https://evil.example"));

        Assert.Equal("403", outcome);
        Assert.Null(seen);
    }

    [Fact]
    public async Task ARouteThatDoesNotAllowThemSeesAnOrdinaryRequest()
    {
        var (status, seen) = await ShakeHandsAsync("", allowed: false);

        Assert.Equal(200, status);
        Assert.Empty(seen!.Values("Upgrade"));
    }

    [Fact]
    public async Task ARouteThatDoesNotAllowThemRefusesExtendedConnect()
    {
        var (outcome, seen) = await ConnectAsync(false);

        Assert.Equal("403", outcome);
        Assert.Null(seen);
    }

    [Theory]
    [InlineData("https://app.example.com", "https://app.example.com", true)]
    [InlineData("https://app.example.com", "https://app.example.com:8443", false)]
    [InlineData("https://app.example.com", "http://app.example.com", false)]
    [InlineData("https://*.example.com", "https://a.example.com", true)]
    [InlineData("https://*.example.com", "https://a.b.example.com", true)]
    [InlineData("https://*.example.com", "https://example.com", false)]
    [InlineData("https://*.example.com", "https://.example.com", false)]
    [InlineData("https://*.example.com", "https://evil.com/.example.com", false)]
    [InlineData("https://*.example.com", "https://evil.com:1.example.com", false)]
    [InlineData("https://*.example.com", "https://evil.com@a.example.com", false)]
    [InlineData("https://*.example.com", "https://aexample.com", false)]
    [InlineData("https://*.example.com", "http://a.example.com", false)]
    [InlineData("https://*.example.com:8443", "https://a.example.com:8443", true)]
    [InlineData("https://*.example.com:8443", "https://a.example.com", false)]
    [InlineData("capacitor://localhost", "capacitor://localhost", true)]
    [InlineData("capacitor://localhost", "capacitor://other", false)]
    [InlineData("null", "null", true)]
    [InlineData("*", "https://anything.example", true)]
    [InlineData("*", "null", true)]
    public void AllowsTheOriginsThatAreNamed(string entry, string origin, bool isAllowed) =>
        Assert.Equal(isAllowed, OriginRule.Allows(Request("https", "chat.example.com", origin), [entry]));

    [Theory]
    [InlineData("https", "[2001:db8::1]:8443", "https://[2001:db8::1]:8443", true)]
    [InlineData("https", "[2001:db8::1]", "https://[2001:db8::1]", true)]
    [InlineData("https", "[2001:db8::1]", "https://[2001:db8::2]", false)]
    [InlineData("https", "xn--mller-kva.example", "https://xn--mller-kva.example", true)]
    [InlineData("https", "xn--mller-kva.example", "https://xn--muller-kva.example", false)]
    [InlineData("https", "localhost:5443", "https://localhost:5443", true)]
    [InlineData("https", "localhost:5443", "https://localhost", false)]
    [InlineData("https", "localhost:5443", "https://localhost:3000", false)]
    [InlineData("http", "localhost:5080", "http://localhost:5080", true)]
    [InlineData("https", "localhost:5444", "http://localhost:5444", true)] // websocket-client
    [InlineData("https", "chat.example.com", "http://chat.example.com", true)]
    [InlineData("http", "chat.example.com", "https://chat.example.com", true)] // a proxy in front ends TLS and says nothing of it
    public void TheSameHostIsTheSameNameAndPort(string scheme, string host, string origin, bool isAllowed) =>
        Assert.Equal(isAllowed, OriginRule.Allows(Request(scheme, host, origin), []));

    private static HttpRequest Request(string scheme, string host, string origin)
    {
        var request = new DefaultHttpContext().Request;
        (request.Scheme, request.Host, request.Headers.Origin) = (scheme, new HostString(host), origin);
        return request;
    }

    [Theory]
    [InlineData("1.1")]
    [InlineData("2.0")]
    public async Task AServiceThatSwitchesProtocolsUnaskedIsABadGateway(string version)
    {
        await using var witness = new Witness(_ => Accept);
        await using var gateway = await TestGateway.StartAsync(TestConfiguration.ForService(witness.Address));
        using var request = new HttpRequestMessage(HttpMethod.Get, gateway.At("/p")) { Version = Version.Parse(version), VersionPolicy = HttpVersionPolicy.RequestVersionExact };

        using var answer = await gateway.Client.SendAsync(request, Cancellation);

        Assert.Equal(HttpStatusCode.BadGateway, answer.StatusCode);
        Assert.False(answer.Headers.Contains("Sec-WebSocket-Accept"));
        await gateway.Log.WaitForAsync(line => line.Properties.ContainsKey("Reason"), Cancellation);
    }
}
