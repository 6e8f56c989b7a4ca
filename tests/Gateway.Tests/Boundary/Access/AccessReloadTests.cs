using System.Net;
using Gateway.Configuration;
using Gateway.Tests.Certificates;
using Gateway.Tests.Hosting;
using Microsoft.AspNetCore.Http;

namespace Gateway.Tests.Boundary.Access;

public sealed class AccessReloadTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task AnotherKeyInTheFileTakesThePlaceOfTheFormer()
    {
        using var folder = new TestFolder();
        await using var service = await TestService.StartAsync(context => context.Response.WriteAsync("served"));
        var (first, second) = (ApiKeyHash.CreateKey(), ApiKeyHash.CreateKey());
        void Write(string key, string policy) => File.WriteAllText(folder["gateway.json"], $$"""
            {
              "Kestrel": { "Endpoints": { "https": { "Url": "https://127.0.0.1:0" } } },
              "Gateway": { "Access": { "{{policy}}": { "ApiKeys": [{ "Name": "a", "Hash": "{{ApiKeyHash.Of(key)}}" }] } } },
              "ReverseProxy": {
                "Routes": { "all": { "ClusterId": "all", "Match": { "Path": "/{**rest}" }, "AuthorizationPolicy": "{{policy.ToUpperInvariant()}}" } },
                "Clusters": { "all": { "Destinations": { "one": { "Address": "{{service.Address}}" } } } }
              }
            }
            """);
        Write(first, "phone");
        await using var gateway = await TestGateway.StartAsync(folder["gateway.json"]);
        async Task<HttpStatusCode> StatusAsync(string key)
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, gateway.At("/"));
            request.Headers.Add("X-API-Key", key);
            using var response = await gateway.Client.SendAsync(request, Cancellation);
            return response.StatusCode;
        }

        Assert.Equal((HttpStatusCode.OK, HttpStatusCode.Unauthorized), (await StatusAsync(first), await StatusAsync(second)));

        Write(second, "tablet");
        await gateway.Log.WaitForAsync(line => line.Message.Contains("applied: 1 route", StringComparison.Ordinal), Cancellation);

        Assert.Equal((HttpStatusCode.Unauthorized, HttpStatusCode.OK), (await StatusAsync(first), await StatusAsync(second)));
    }
}
