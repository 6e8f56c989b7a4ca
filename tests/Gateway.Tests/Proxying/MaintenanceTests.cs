using System.Net;
using System.Net.WebSockets;
using Gateway.Configuration;
using Gateway.Tests.Certificates;
using Gateway.Tests.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;

namespace Gateway.Tests.Proxying;

/// <summary>503 while a file exists, and pages of the operator's own.</summary>
public sealed class MaintenanceTests : IDisposable
{
    private readonly TestFolder _folder = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    private static async Task<(HttpStatusCode Status, string Body, string? RetryAfter)> AskAsync(TestGateway gateway, string accept = "text/html", string language = "en")
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, gateway.At("/"));
        request.Headers.Accept.ParseAdd(accept);
        request.Headers.AcceptLanguage.ParseAdd(language);
        using var response = await gateway.Client.SendAsync(request, Cancellation);
        return (response.StatusCode, await response.Content.ReadAsStringAsync(Cancellation), response.Headers.RetryAfter?.ToString());
    }

    private static async Task EchoAsync(ClientWebSocket socket)
    {
        await socket.SendAsync("hello"u8.ToArray(), WebSocketMessageType.Text, true, Cancellation);
        var buffer = new byte[10];
        Assert.Equal(5, (await socket.ReceiveAsync(buffer, Cancellation)).Count);
    }

    [Fact]
    public async Task NewRequestsGet503WhileTheFileExistsAndCallsGoOn()
    {
        var time = new FakeTimeProvider(TimeProvider.System.GetUtcNow());
        await using var service = await TestService.StartAsync(async context =>
        {
            if (!context.WebSockets.IsWebSocketRequest)
            {
                await context.Response.WriteAsync("the service");
                return;
            }

            using var socket = await context.WebSockets.AcceptWebSocketAsync();
            var buffer = new byte[10];
            while (await socket.ReceiveAsync(buffer, context.RequestAborted) is { MessageType: WebSocketMessageType.Text } message)
            {
                await socket.SendAsync(buffer.AsMemory(0, message.Count), WebSocketMessageType.Text, true, context.RequestAborted);
            }
        });
        var file = _folder["maintenance"];
        await using var gateway = await TestGateway.StartAsync(
            TestConfiguration.ForService(service.Address) with { Gateway = new GatewayOptions { Maintenance = file } }, customize: services => services.AddSingleton<TimeProvider>(time));
        using var call = await gateway.ConnectWebSocketAsync("/ws", HttpVersion.Version11, Cancellation);
        Assert.Equal("the service", (await AskAsync(gateway)).Body);

        File.WriteAllText(file, "");
        // Within the second nobody looks again.
        Assert.Equal(HttpStatusCode.OK, (await AskAsync(gateway)).Status);
        time.Advance(TimeSpan.FromSeconds(1));
        var english = await AskAsync(gateway);
        Assert.Equal((HttpStatusCode.ServiceUnavailable, "60"), (english.Status, english.RetryAfter));
        Assert.Contains("This site is being worked on", english.Body, StringComparison.Ordinal);
        Assert.Contains("此网站正在维护", (await AskAsync(gateway, language: "zh-CN")).Body, StringComparison.Ordinal);
        Assert.Contains("\"title\":\"Maintenance\"", (await AskAsync(gateway, "application/json")).Body, StringComparison.Ordinal);
        await Assert.ThrowsAsync<WebSocketException>(() => gateway.ConnectWebSocketAsync("/ws", HttpVersion.Version11, Cancellation));
        await EchoAsync(call);

        File.WriteAllText(file, "<p>Back at noon {{status}}</p>");
        Assert.Equal("<p>Back at noon 503</p>", (await AskAsync(gateway)).Body);

        File.Delete(file);
        time.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal("the service", (await AskAsync(gateway)).Body);
        await EchoAsync(call);
        Assert.Equal(2, gateway.Log.All.Count(line => line.Message.Contains("Maintenance is o", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task TheOperatorsPagesAreForBrowsersAndTheMostSpecificCounts()
    {
        File.WriteAllText(_folder["502.html"], "<title>{{title}}</title>{{status}} {{request-id}} {{unknown}}");
        File.WriteAllText(_folder["all.html"], "all {{status}}");
        var configuration = TestConfiguration.ForService("http://127.0.0.1:1") with
        {
            AllowedHosts = ["127.0.0.1"],
            Gateway = new GatewayOptions { Maintenance = _folder["maintenance"], ErrorPages = new Dictionary<string, string> { ["502"] = _folder["502.html"], ["*"] = _folder["all.html"] } },
        };
        await using var gateway = await TestGateway.StartAsync(configuration);

        var page = await AskAsync(gateway);
        var problem = await AskAsync(gateway, "application/json");
        using var other = new HttpRequestMessage(HttpMethod.Get, gateway.At("/")) { Headers = { Host = "other.example.com" } };
        other.Headers.Accept.ParseAdd("text/html");
        using var misdirected = await gateway.Client.SendAsync(other, Cancellation);

        Assert.Equal(HttpStatusCode.BadGateway, page.Status);
        Assert.Matches("^<title>Bad gateway</title>502 [0-9A-Z]+:[0-9A-F]{8} {{unknown}}$", page.Body);
        Assert.StartsWith("{", problem.Body, StringComparison.Ordinal);
        Assert.Equal((HttpStatusCode.MisdirectedRequest, "all 421"), (misdirected.StatusCode, await misdirected.Content.ReadAsStringAsync(Cancellation)));

        // A page that has gone missing: the gateway's own is there.
        File.Delete(_folder["502.html"]);
        Assert.Contains("The service behind this address", (await AskAsync(gateway)).Body, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(404, "4xx")]
    [InlineData(502, "502")]
    [InlineData(504, "5xx")]
    public void APageIsFoundByStatusThenByClass(int status, string expected) => Assert.Equal(
        expected, Gateway.Proxying.OwnPage.FileFor(new Dictionary<string, string> { ["*"] = "*", ["4xx"] = "4xx", ["5xx"] = "5xx", ["502"] = "502" }, status));

    [Fact]
    public void CheckNamesAPageThatIsMissing()
    {
        var configuration = new GatewayConfiguration { FilePath = "gateway.json", Gateway = new GatewayOptions { ErrorPages = new Dictionary<string, string> { ["502"] = _folder["no.html"] } } };

        Assert.Contains("Gateway:ErrorPages:502", Assert.Single(Gateway.Proxying.ErrorPagesValidator.Validate(configuration)).ToString(), StringComparison.Ordinal);
    }
}
