using System.Net;
using Gateway.Configuration;
using Gateway.Tests.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc.Testing;

namespace Gateway.Tests.Proxying;

public sealed class RedirectAndHostTests
{
    private static readonly WebApplicationFactoryClientOptions NoRedirect = new() { AllowAutoRedirect = false };

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private static async Task<HttpResponseMessage> GetAsync(string url, Func<GatewayConfiguration, GatewayConfiguration> change, HttpMethod? method = null)
    {
        await using var service = await TestService.StartAsync(context => context.Response.WriteAsync("the service"));
        await using var gateway = new GatewayFactory(change(TestConfiguration.ForService(service.Address)));
        using var request = new HttpRequestMessage(method ?? HttpMethod.Get, url);
        return await gateway.CreateClient(NoRedirect).SendAsync(request, Cancellation);
    }

    [Theory]
    [InlineData("https://*:443", "https://chat.example.com/a%20b/c?x=1&y=%C3%A9")]
    [InlineData("https://*:5443", "https://chat.example.com:5443/a%20b/c?x=1&y=%C3%A9")]
    public async Task RedirectsHttpToTheSamePathOnThePortOfTheHttpsEndpoint(string endpoint, string expected)
    {
        using var response = await GetAsync("http://chat.example.com:5080/a%20b/c?x=1&y=%C3%A9", c => c.WithEndpoint("https", endpoint), HttpMethod.Post);

        Assert.Equal(HttpStatusCode.PermanentRedirect, response.StatusCode);
        Assert.Equal(expected, response.Headers.Location?.AbsoluteUri);
    }

    [Fact]
    public async Task DoesNotRedirectWhenToldNotTo()
    {
        using var response = await GetAsync(
            "http://chat.example.com/",
            c => c.WithEndpoint("https", "https://*:443") with { Gateway = new GatewayOptions { HttpsRedirect = false } });

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
    }

    [Fact]
    public async Task DoesNotRedirectToAnEndpointThatDoesNotExist()
    {
        using var response = await GetAsync("http://chat.example.com/", c => c.WithEndpoint("http", "http://*:80"));

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
    }

    [Theory]
    [InlineData("https://chat.example.com/", HttpStatusCode.OK)]
    [InlineData("https://CHAT.example.com/", HttpStatusCode.OK)]
    [InlineData("https://a.wild.example.com/", HttpStatusCode.OK)]
    [InlineData("https://wild.example.com/", HttpStatusCode.MisdirectedRequest)]
    [InlineData("https://other.example.com/", HttpStatusCode.MisdirectedRequest)]
    [InlineData("https://192.0.2.1/", HttpStatusCode.MisdirectedRequest)]
    public async Task ServesOnlyTheAllowedHosts(string url, HttpStatusCode expected)
    {
        using var response = await GetAsync(url, c => c with { AllowedHosts = ["chat.example.com", "*.wild.example.com"] });

        Assert.Equal(expected, response.StatusCode);
    }

    [Fact]
    public async Task ServesEveryHostWhenAllAreAllowed()
    {
        using var response = await GetAsync("https://anything.example.com/", c => c with { AllowedHosts = ["*"] });

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
    }
}
