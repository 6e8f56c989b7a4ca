using System.Net;
using Gateway.Configuration;
using Gateway.Tests.Hosting;
using Microsoft.AspNetCore.Http;

namespace Gateway.Tests.Boundary.Access;

public sealed class AddressTests
{
    private static readonly string Key = ApiKeyHash.CreateKey();

    private static async Task<HttpResponseMessage> SendAsync(AccessPolicy policy, string peer, string? forwardedFor = null, string? key = null)
    {
        await using var service = await TestService.StartAsync(context => context.Response.WriteAsync("served"));
        var configuration = TestConfiguration.ForService(service.Address);
        configuration = configuration with
        {
            Routes = [configuration.Routes[0] with { AuthorizationPolicy = policy.Name }],
            Gateway = new GatewayOptions
            {
                TrustedProxies = [IPNetwork.Parse("10.0.0.0/8")],
                Access = new Dictionary<string, AccessPolicy> { [policy.Name] = policy },
            },
        };
        await using var gateway = new GatewayFactory(configuration) { Peer = IPAddress.Parse(peer) };
        using var request = new HttpRequestMessage(HttpMethod.Get, "http://chat.example.com/");
        request.Headers.TryAddWithoutValidation("X-Forwarded-For", forwardedFor);
        request.Headers.TryAddWithoutValidation("X-API-Key", key);
        return await gateway.CreateClient().SendAsync(request, TestContext.Current.CancellationToken);
    }

    [Theory]
    [InlineData("192.0.2.0/24", "", "192.0.2.10", HttpStatusCode.OK)]
    [InlineData("192.0.2.0/24", "", "::ffff:192.0.2.10", HttpStatusCode.OK)]
    [InlineData("192.0.2.0/24", "", "192.0.3.10", HttpStatusCode.Forbidden)]
    [InlineData("192.0.2.0/24", "192.0.2.10/32", "192.0.2.10", HttpStatusCode.Forbidden)]
    [InlineData("", "192.0.2.10/32", "192.0.2.10", HttpStatusCode.Forbidden)]
    [InlineData("", "192.0.2.10/32", "192.0.2.11", HttpStatusCode.OK)]
    [InlineData("2001:db8::/32", "", "2001:db8::1", HttpStatusCode.OK)]
    [InlineData("2001:db8::/32", "", "192.0.2.10", HttpStatusCode.Forbidden)]
    public async Task DecidesByTheListsAndDenyWins(string allow, string deny, string peer, HttpStatusCode status)
    {
        using var response = await SendAsync(new AccessPolicy("office") { Allow = Networks(allow), Deny = Networks(deny) }, peer);

        Assert.Equal(status, response.StatusCode);
    }

    [Theory]
    [InlineData("10.0.0.1", "192.0.2.10", HttpStatusCode.OK)] // the proxy is believed
    [InlineData("203.0.113.1", "192.0.2.10", HttpStatusCode.Forbidden)] // a stranger is not
    [InlineData("10.0.0.1", "192.0.2.10, 203.0.113.1", HttpStatusCode.Forbidden)]
    public async Task MeansTheClientAndNotTheProxy(string peer, string forwardedFor, HttpStatusCode status)
    {
        using var response = await SendAsync(new AccessPolicy("office") { Allow = Networks("192.0.2.0/24") }, peer, forwardedFor);

        Assert.Equal(status, response.StatusCode);
    }

    [Theory]
    [InlineData("192.0.2.10", true, HttpStatusCode.OK)]
    [InlineData("192.0.2.10", false, HttpStatusCode.Unauthorized)]
    [InlineData("203.0.113.1", true, HttpStatusCode.Forbidden)]
    [InlineData("203.0.113.1", false, HttpStatusCode.Forbidden)]
    public async Task AddressAndKeyMustBothPass(string peer, bool withKey, HttpStatusCode status)
    {
        var policy = new AccessPolicy("office") { Allow = Networks("192.0.2.0/24"), ApiKeys = [new ApiKeyOptions("a", ApiKeyHash.Of(Key))] };

        using var response = await SendAsync(policy, peer, key: withKey ? Key : "wrong");

        Assert.Equal(status, response.StatusCode);
        Assert.Equal(status == HttpStatusCode.Unauthorized, response.Headers.WwwAuthenticate.Count > 0);
    }

    private static IReadOnlyList<IPNetwork> Networks(string text) => text.Length == 0 ? [] : [IPNetwork.Parse(text)];
}
