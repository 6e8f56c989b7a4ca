using System.Net;
using System.Text.Json.Nodes;
using Gateway.EndToEnd.Harness;

namespace Gateway.EndToEnd.Status;

/// <summary>For others than this machine the status is a service like any, behind a route that asks who they are.</summary>
public sealed class RouteToStatusTests
{
    [Fact]
    public async Task ARouteWithAPolicyServesItAndWithoutACredentialItIs401()
    {
        using var folder = new TestFolder();
        var made = await RunningProgram.RunAsync(Repository.Gateway, ["key", "create", "ops"], folder);
        var key = System.Text.RegularExpressions.Regex.Match(made.Output, @"gwk_\S+").Value;
        var hash = System.Text.RegularExpressions.Regex.Match(made.Output, "sha256:[0-9a-f]+").Value;
        var port = Ports.Free();
        var json = new GatewayJson().Https().Route("status", "/gateway/{**rest}", $"http://127.0.0.1:{port}")
            .Set("Gateway:Admin", $"127.0.0.1:{port}")
            .Set("Gateway:Access:ops:ApiKeys", new JsonArray(new JsonObject { ["Name"] = "ops", ["Hash"] = hash }))
            .Set("ReverseProxy:Routes:status:AuthorizationPolicy", "ops")
            .Set("ReverseProxy:Routes:status:Transforms", new JsonArray(
                new JsonObject { ["PathRemovePrefix"] = "/gateway" }, new JsonObject { ["RequestHeaderOriginalHost"] = "false" }));
        await using var gateway = await GatewayProcess.RunAsync(folder, json, new Dictionary<string, string?> { ["GATEWAY_Gateway__Admin"] = null });
        using var client = gateway.CreateClient();

        using var refused = await client.GetAsync("/gateway/metrics", TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.Unauthorized, refused.StatusCode);
        client.DefaultRequestHeaders.Add("X-Api-Key", key);
        Assert.Contains("gateway_build_info", await client.GetStringAsync("/gateway/metrics", TestContext.Current.CancellationToken), StringComparison.Ordinal);
        Assert.Contains("status.js", await client.GetStringAsync("/gateway/", TestContext.Current.CancellationToken), StringComparison.Ordinal);
    }
}
