using System.Net;

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
        var configuration = TestConfiguration.ForService(service.Address);
        await using var gateway = await TestGateway.StartAsync(configuration with { Routes = [configuration.Routes[0] with { CorsPolicy = "disable" }] });
        using var preflight = new HttpRequestMessage(HttpMethod.Options, gateway.At("/"));
        preflight.Headers.Add("Origin", "https://app.example.com");
        preflight.Headers.Add("Access-Control-Request-Method", "POST");

        using var response = await gateway.Client.SendAsync(preflight, Cancellation);

        Assert.Equal((HttpStatusCode.NoContent, false), (response.StatusCode, isReached));
    }
}
