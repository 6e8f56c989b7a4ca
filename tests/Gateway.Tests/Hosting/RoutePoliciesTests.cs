using System.Net;
using Yarp.ReverseProxy.Configuration;

namespace Gateway.Tests.Hosting;

/// <summary>A policy of ASP.NET Core beside those of access, which have tests of their own: a route that names no other has it.</summary>
public sealed class RoutePoliciesTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task WithCorsDisabledNoPreflightReachesTheService()
    {
        var isReached = false;
        await using var service = await TestService.StartAsync(_ =>
        {
            isReached = true;
            return Task.CompletedTask;
        });
        var preflight = new HttpRequestMessage { Method = HttpMethod.Options };
        preflight.Headers.Add("Origin", "https://app.example.com");
        preflight.Headers.Add("Access-Control-Request-Method", "POST");

        using var response = await SendAsync(service.Address, static route => route with { CorsPolicy = "disable" }, preflight);

        Assert.Equal((HttpStatusCode.NoContent, false), (response.StatusCode, isReached));
    }

    private static async Task<HttpResponseMessage> SendAsync(string service, Func<RouteConfig, RouteConfig> change, HttpRequestMessage request)
    {
        var configuration = TestConfiguration.ForService(service);
        await using var gateway = await TestGateway.StartAsync(configuration with { Routes = [change(configuration.Routes[0])] });
        request.RequestUri = gateway.At("/");
        using (request)
        {
            return await gateway.Client.SendAsync(request, Cancellation);
        }
    }
}
