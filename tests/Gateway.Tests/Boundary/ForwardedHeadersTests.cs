using System.Net;
using System.Net.Http.Json;
using Gateway.Configuration;
using Gateway.Tests.Hosting;
using Microsoft.AspNetCore.Http;
using Yarp.ReverseProxy.Configuration;

namespace Gateway.Tests.Boundary;

public sealed class ForwardedHeadersTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private static Task AnswerWithHeaders(HttpContext context) =>
        context.Response.WriteAsJsonAsync(context.Request.Headers.ToDictionary(h => h.Key, h => h.Value.ToString(), StringComparer.OrdinalIgnoreCase));

    private static async Task<Dictionary<string, string>> HeadersAtServiceAsync(
        string peer, string[] trusted, params (string Name, string Value)[] sent)
    {
        await using var service = await TestService.StartAsync(AnswerWithHeaders);
        var configuration = TestConfiguration.ForService(service.Address) with
        {
            Gateway = new GatewayOptions { TrustedProxies = [.. trusted.Select(IPNetwork.Parse)] },
        };
        await using var gateway = new GatewayFactory(configuration) { Peer = IPAddress.Parse(peer) };
        using var request = new HttpRequestMessage(HttpMethod.Get, "http://chat.example.com/");
        foreach (var (name, value) in sent)
        {
            request.Headers.TryAddWithoutValidation(name, value);
        }

        using var response = await gateway.CreateClient().SendAsync(request, Cancellation);
        response.EnsureSuccessStatusCode();
        return new(await response.Content.ReadFromJsonAsync<Dictionary<string, string>>(Cancellation) ?? [], StringComparer.OrdinalIgnoreCase);
    }

    [Fact]
    public async Task TellsTheServiceWhoTheClientIsAndWhatItAskedFor()
    {
        var headers = await HeadersAtServiceAsync("192.0.2.10", []);

        Assert.Equal("chat.example.com", headers["Host"]);
        Assert.Equal("192.0.2.10", headers["X-Real-IP"]);
        Assert.Equal("192.0.2.10", headers["X-Forwarded-For"]);
        Assert.Equal("http", headers["X-Forwarded-Proto"]);
        Assert.Equal("chat.example.com", headers["X-Forwarded-Host"]);
    }

    [Theory]
    [InlineData("GET", "")]
    [InlineData("POST", "body")]
    public async Task EachWayToTheServiceTellsTheSame(string method, string body)
    {
        await using var service = await TestService.StartAsync(AnswerWithHeaders);
        await using var gateway = await TestGateway.StartAsync(TestConfiguration.ForService(service.Address));
        using var request = new HttpRequestMessage(new HttpMethod(method), gateway.At("/")) { Content = body.Length > 0 ? new StringContent(body) : null };
        request.Headers.Add("X-Forwarded-Proto", "gopher");

        using var response = await gateway.Client.SendAsync(request, Cancellation);
        var headers = new Dictionary<string, string>((await response.Content.ReadFromJsonAsync<Dictionary<string, string>>(Cancellation))!, StringComparer.OrdinalIgnoreCase);

        Assert.Equal(["127.0.0.1", "127.0.0.1", "https", gateway.At("/").Authority], [headers["X-Real-IP"], headers["X-Forwarded-For"], headers["X-Forwarded-Proto"], headers["X-Forwarded-Host"]]);
    }

    [Fact]
    public async Task ARouteCanMatchWhatTheGatewayWrites()
    {
        await using var service = await TestService.StartAsync(static context => context.Response.WriteAsync("the office's"));
        var configuration = TestConfiguration.ForService(service.Address);
        var route = configuration.Routes[0];
        var office = new RouteHeader { Name = "x-real-ip", Values = ["127.0.0.1"], Mode = HeaderMatchMode.ExactHeader };
        await using var gateway = await TestGateway.StartAsync(configuration with { Routes = [route with { Match = route.Match with { Headers = [office] } }] });

        Assert.Equal("the office's", await gateway.Client.GetStringAsync(gateway.At("/"), Cancellation));
    }

    [Theory]
    [InlineData("X-Real-IP", "192.0.2.10")]
    [InlineData("X-Forwarded-For", "192.0.2.10")]
    [InlineData("X-Forwarded-Proto", "http")]
    [InlineData("X-Forwarded-Host", "chat.example.com")]
    [InlineData("X-Forwarded-Prefix", null)]
    [InlineData("X-Forwarded-Port", null)]
    [InlineData("Forwarded", null)]
    [InlineData("X_Real_IP", null)]
    [InlineData("X_Forwarded_For", null)]
    [InlineData("X-Content-Length", null)]
    [InlineData("X-HTTP-Method-Override", null)]
    public async Task DropsWhatAClientClaimsAboutItself(string name, string? expected)
    {
        var headers = await HeadersAtServiceAsync("192.0.2.10", [], (name, "203.0.113.99"));

        Assert.Equal(expected, headers.GetValueOrDefault(name));
    }

    [Fact]
    public async Task BelievesATrustedProxy()
    {
        var headers = await HeadersAtServiceAsync(
            "10.0.0.1", ["10.0.0.0/8"],
            ("X-Forwarded-For", "203.0.113.5"), ("X-Forwarded-Proto", "https"), ("X-Forwarded-Host", "public.example.com"));

        Assert.Equal("203.0.113.5", headers["X-Real-IP"]);
        Assert.Equal("203.0.113.5, 10.0.0.1", headers["X-Forwarded-For"]);
        Assert.Equal("https", headers["X-Forwarded-Proto"]);
        Assert.Equal("public.example.com", headers["Host"]);
    }

    [Theory]
    [InlineData("TRACE", "/", 405)]
    [InlineData("GET", "/%5c", 400)]
    public async Task TheLogNamesTheClientOfARequestThatIsRefusedToo(string method, string target, int status)
    {
        var configuration = TestConfiguration.ForService("http://127.0.0.1:1") with
        {
            Gateway = new GatewayOptions { TrustedProxies = [IPNetwork.Parse("127.0.0.1/32")] },
        };
        await using var gateway = await TestGateway.StartAsync(configuration);
        using var request = new HttpRequestMessage(new HttpMethod(method), gateway.At(target));
        request.Headers.Add("X-Forwarded-For", "192.0.2.7");
        request.Headers.Add("X-Forwarded-Host", "chat.example.com");

        using var response = await gateway.Client.SendAsync(request, Cancellation);

        var record = await gateway.Log.WaitForAsync(l => l.Properties.ContainsKey("Bytes"), Cancellation);
        Assert.Equal((status, "192.0.2.7", "chat.example.com"), ((int)response.StatusCode, record.Properties["Client"], record.Properties["Host"]?.ToString()));
    }

    [Fact]
    public async Task ReadsTheChainFromTheRightUpToTheFirstUntrustedAddress()
    {
        var headers = await HeadersAtServiceAsync(
            "10.0.0.1", ["10.0.0.0/8"], ("X-Forwarded-For", "1.2.3.4, 203.0.113.5, 10.0.0.7"));

        Assert.Equal("203.0.113.5", headers["X-Real-IP"]);
        Assert.Equal("203.0.113.5, 10.0.0.7, 10.0.0.1", headers["X-Forwarded-For"]);
    }

    [Theory]
    [InlineData("not an address", "10.0.0.1")]
    [InlineData("", "10.0.0.1")]
    [InlineData("203.0.113.5:4711", "203.0.113.5")]
    [InlineData("[2001:db8::1]:4711", "2001:db8::1")]
    [InlineData("2001:db8::1", "2001:db8::1")]
    public async Task TakesTheNearestAddressThatCanBeRead(string forwardedFor, string client)
    {
        var headers = await HeadersAtServiceAsync("10.0.0.1", ["10.0.0.0/8"], ("X-Forwarded-For", forwardedFor));

        Assert.Equal(client, headers["X-Real-IP"]);
    }

    [Theory]
    [InlineData("X-Forwarded-Proto", "gopher")]
    [InlineData("X-Forwarded-Host", "evil/path")]
    [InlineData("X-Forwarded-Host", "a b")]
    public async Task IgnoresNonsenseEvenFromATrustedProxy(string name, string value)
    {
        var headers = await HeadersAtServiceAsync("10.0.0.1", ["10.0.0.0/8"], (name, value));

        Assert.Equal("http", headers["X-Forwarded-Proto"]);
        Assert.Equal("chat.example.com", headers["Host"]);
    }

    [Fact]
    public async Task KeepsAnIPv4ClientOfADualStackSocketReadable()
    {
        var headers = await HeadersAtServiceAsync("::ffff:192.0.2.10", []);

        Assert.Equal("192.0.2.10", headers["X-Real-IP"]);
    }
}
