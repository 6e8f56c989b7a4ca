using Gateway.Configuration;
using Gateway.Hosting;
using Gateway.Tests.Certificates;
using Gateway.Tests.Hosting;
using Microsoft.AspNetCore.Http;

namespace Gateway.Tests.Observability;

public sealed class AccessLogTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task ARequestIsOneRecordThatSaysWhoWhatWhereAndHowLong()
    {
        await using var service = await TestService.StartAsync(context =>
        {
            context.Response.StatusCode = StatusCodes.Status201Created;
            return context.Response.WriteAsync("12345", Cancellation);
        });
        await using var gateway = await TestGateway.StartAsync(TestConfiguration.ForService(service.Address));

        using var response = await gateway.Client.PostAsync(gateway.At("/api/speech?key=secret"), null, Cancellation);

        var record = await gateway.Log.WaitForAsync(l => l.Properties.ContainsKey("Bytes"), Cancellation);
        Assert.Equal("127.0.0.1", record.Properties["Client"]);
        Assert.Equal("POST", record.Properties["Method"]);
        Assert.Equal(new Uri(gateway.Address).Authority, record.Properties["Host"]?.ToString());
        Assert.Equal("/api/speech", record.Properties["Path"]?.ToString());
        Assert.Equal(201, record.Properties["StatusCode"]);
        Assert.Equal(5L, record.Properties["Bytes"]);
        Assert.True((double)record.Properties["Duration"]! >= 0);
        Assert.Equal("all", record.Properties["Route"]);
        Assert.Equal(service.Address, record.Properties["Destination"]);
        Assert.Equal("HTTP/1.1", record.Properties["Protocol"]);
        Assert.NotNull(record.Properties["RequestId"]);
        Assert.DoesNotContain("secret", record.Message, StringComparison.Ordinal);
        Assert.Single(gateway.Log.All, l => l.Properties.ContainsKey("Bytes"));
    }

    [Fact]
    public async Task WithAFileARequestIsALineThereAndNoRecordAndAReloadChangesIt()
    {
        using var folder = new TestFolder();
        await using var service = await TestService.StartAsync(context => context.Response.WriteAsync("12345", Cancellation));
        var path = folder["access.log"];
        string Json(string accessLog) => $$"""
            { "Kestrel": { "Endpoints": { "web": { "Url": "https://127.0.0.1:0" } } },
              "ReverseProxy": { "Routes": { "all": { "ClusterId": "c", "Match": { "Path": "/{**rest}" }, "AuthorizationPolicy": "keys" } },
                "Clusters": { "c": { "Destinations": { "one": { "Address": "{{service.Address}}" } } } } },
              "Gateway": { "Access": { "keys": { "ApiKeys": [ { "Name": "phone app", "Hash": "{{ApiKeyHash.Of("secret")}}" } ], "Query": "key" } }{{accessLog}} } }
            """;
        var config = folder.Write("gateway.json", Json($", \"AccessLog\": {{ \"Path\": \"{path}\" }}"));
        await using var gateway = await TestGateway.StartAsync(config);
        async Task AskAsync(string target)
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, gateway.At(target));
            request.Headers.Referrer = new Uri("https://app.example.com/page?key=secret");
            request.Headers.UserAgent.ParseAdd("test/1");
            using var response = await gateway.Client.SendAsync(request, Cancellation);
        }

        await AskAsync("/api/a%2520b?key=secret");
        await AskAsync("/api/x");
        var lines = await LinesAsync(path, 2);

        Assert.Matches(@"^127\.0\.0\.1 - phone\\x20app \[../.../....:..:..:.. [+-]....\] ""GET /api/a%2520b HTTP/1\.1"" 200 5 ""https://app\.example\.com/page"" ""test/1""$", lines[0]);
        Assert.Matches(@"^127\.0\.0\.1 - - .*""GET /api/x HTTP/1\.1"" 401 ", lines[1]);
        Assert.DoesNotContain("secret", string.Concat(lines), StringComparison.Ordinal);
        Assert.DoesNotContain(gateway.Log.All, line => line.Properties.ContainsKey("Bytes"));

        folder.Write("gateway.json", Json($", \"AccessLog\": {{ \"Path\": \"{path}\", \"Format\": \"Json\" }}"));
        Assert.True(await gateway.Service<IEnumerable<Microsoft.Extensions.Hosting.IHostedService>>().OfType<ConfigurationReload>().Single().ReloadAsync(Cancellation));
        await AskAsync("/api/y?key=secret");
        lines = await LinesAsync(path, 3);

        using var json = System.Text.Json.JsonDocument.Parse(lines[2]);
        Assert.Equal("/api/y", json.RootElement.GetProperty("path").GetString());
        Assert.Equal("all", json.RootElement.GetProperty("route").GetString());
        Assert.Equal(service.Address, json.RootElement.GetProperty("destination").GetString());
    }

    private static async Task<string[]> LinesAsync(string path, int count)
    {
        while (true)
        {
            if (File.Exists(path) && await File.ReadAllLinesAsync(path, Cancellation) is { } lines && lines.Length >= count)
            {
                return lines;
            }

            await Task.Delay(20, Cancellation);
        }
    }
}
