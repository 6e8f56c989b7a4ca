using System.Net;
using Gateway.Configuration;
using Gateway.Tests.Hosting;
using Microsoft.AspNetCore.Mvc.Testing;
using Yarp.ReverseProxy.Configuration;
using static Gateway.Tests.Configuration.ConfigurationText;

namespace Gateway.Tests.Proxying;

public sealed class RouteAnswersTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private static async Task<HttpResponseMessage> SendAsync(string path, string url, HttpMethod? method = null, params (string Key, string Value)[] metadata)
    {
        var configuration = TestConfiguration.ForService("http://127.0.0.1:1") with
        {
            Routes = [new RouteConfig { RouteId = "answer", Match = new RouteMatch { Path = path }, Metadata = metadata.ToDictionary(m => m.Key, m => m.Value) }],
        };
        await using var gateway = new GatewayFactory(configuration);
        using var request = new HttpRequestMessage(method ?? HttpMethod.Get, url);
        return await gateway.CreateClient(new WebApplicationFactoryClientOptions { AllowAutoRedirect = false }).SendAsync(request, Cancellation);
    }

    [Theory]
    [InlineData("/{**rest}", "https://example.com{uri}", "https://www.example.com/a%20b?x=%2F", "https://example.com/a%20b?x=%2F")]
    [InlineData("/{**rest}", "{scheme}://new.{host}{path}", "https://www.example.com:8443/a?x=1", "https://new.www.example.com/a")]
    [InlineData("/old/{**rest}", "/new/{rest}{query}", "https://a/old/b/c%20d?x=1", "/new/b/c%20d?x=1")]
    [InlineData("/user/{id}", "https://b/{id}/profile", "https://a/user/7", "https://b/7/profile")]
    [InlineData("/old", "/new", "https://a/old?x=1", "/new")]
    public async Task RedirectsToTheFilledTarget(string path, string target, string url, string location)
    {
        using var response = await SendAsync(path, url, HttpMethod.Get, ("Redirect", target));

        Assert.Equal((HttpStatusCode.PermanentRedirect, location), (response.StatusCode, response.Headers.Location?.OriginalString));
    }

    /// <summary>A path of the request must not choose the host.</summary>
    [Theory]
    [InlineData("/{**rest}", "{path}", "https://a//evil.example/x")]
    [InlineData("/old/{**rest}", "/{rest}", "https://a/old//evil.example/x")]
    public async Task APathNeverBecomesAnotherHost(string path, string target, string url)
    {
        using var response = await SendAsync(path, url, HttpMethod.Get, ("Redirect", target), ("Status", "302"));

        Assert.Equal((HttpStatusCode.Redirect, "/evil.example/x"), (response.StatusCode, response.Headers.Location?.OriginalString));
    }

    [Fact]
    public async Task AnswersWithAText()
    {
        using var response = await SendAsync("/health", "https://a/health", HttpMethod.Get, ("Text", "g\u00fat"));
        using var head = await SendAsync("/health", "https://a/health", HttpMethod.Head, ("Text", "g\u00fat"), ("Status", "203"));

        Assert.Equal((HttpStatusCode.OK, "text/plain; charset=utf-8", "g\u00fat"), (response.StatusCode, response.Content.Headers.ContentType?.ToString(), await response.Content.ReadAsStringAsync(Cancellation)));
        Assert.Equal((HttpStatusCode.NonAuthoritativeInformation, ""), (head.StatusCode, await head.Content.ReadAsStringAsync(Cancellation)));
    }

    [Fact]
    public async Task AnErrorHasTheGatewaysPage()
    {
        using var response = await SendAsync("/{**rest}", "https://a/x", HttpMethod.Get, ("Status", "404"));

        Assert.Equal((HttpStatusCode.NotFound, "application/problem+json"), (response.StatusCode, response.Content.Headers.ContentType?.MediaType));
    }

    [Theory]
    [InlineData("\"Match\": { \"Path\": \"/{**rest}\" }, \"Metadata\": { \"Status\": 404 }")]
    [InlineData("\"Match\": { \"Path\": \"/a/{**rest}\" }, \"Metadata\": { \"Redirect\": \"https://b/{rest}{query}\", \"Status\": \"301\" }")]
    public void ARouteThatAnswersNeedsNoCluster(string route) => Assert.Empty(Errors(WithRoute(route)));

    [Theory]
    [InlineData("\"ClusterId\": \"c\", \"Match\": { \"Path\": \"/\" }, \"Metadata\": { \"Status\": 404 }", "ReverseProxy:Routes:r:ClusterId: 'c': the route answers by itself; remove ClusterId, or Status, Redirect and Text from its Metadata")]
    [InlineData("\"Match\": { \"Path\": \"/\" }, \"Metadata\": { \"Status\": 99 }", "ReverseProxy:Routes:r:Metadata:Status: '99': must be a status from 200 to 599; for example \"404\"")]
    [InlineData("\"Match\": { \"Path\": \"/\" }, \"Metadata\": { \"Status\": 200, \"Redirect\": \"/x\" }", "ReverseProxy:Routes:r:Metadata:Status: '200': is no status of a redirect; 301, 302, 303, 307 or 308")]
    [InlineData("\"Match\": { \"Path\": \"/{**all}\" }, \"Metadata\": { \"Redirect\": \"/x/{rest}\" }", "ReverseProxy:Routes:r:Metadata:Redirect: '{rest}': there is no such placeholder; there are {scheme}, {host}, {uri}, {path}, {query}, {all}")]
    [InlineData("\"Match\": { \"Path\": \"/\" }, \"Metadata\": { \"Redirect\": \"javascript:x\" }", "ReverseProxy:Routes:r:Metadata:Redirect: 'javascript:x': must be a path or an absolute http or https URL; for example \"https://example.com{uri}\"")]
    public void AnAnswerThatCannotBeIsAnError(string route, string error) => Assert.EndsWith(error, Error(WithRoute(route)), StringComparison.Ordinal);
}
