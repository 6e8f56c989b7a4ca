using System.Net;
using System.Net.Sockets;
using System.Net.WebSockets;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Gateway.Tests.Hosting;

public sealed class ConfigurationReloadTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("gateway-reload-");

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private string FilePath => Path.Combine(_folder.FullName, "gateway.json");

    public void Dispose() => _folder.Delete(recursive: true);

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    private static string Json(string service, int port, Action<JsonObject>? change = null)
    {
        var json = JsonNode.Parse($$"""
            {
              "Kestrel": { "Endpoints": { "https": { "Url": "https://127.0.0.1:{{port}}" } } },
              "ReverseProxy": {
                "Routes": { "all": { "ClusterId": "service", "Match": { "Path": "/{**rest}" }, "Metadata": { "WebSockets": true } } },
                "Clusters": { "service": { "Destinations": { "one": { "Address": "{{service}}" } } } }
              },
              "Gateway": { "Shutdown": { "DrainTimeout": "00:00:00" } }
            }
            """)!.AsObject();
        change?.Invoke(json);
        return json.ToJsonString();
    }

    private static Task<TestService> ServiceAsync(string name) => TestService.StartAsync(async context =>
    {
        if (!context.WebSockets.IsWebSocketRequest)
        {
            await context.Response.WriteAsync(name, Cancellation);
            return;
        }

        using var socket = await context.WebSockets.AcceptWebSocketAsync();
        var buffer = new byte[100];
        while ((await socket.ReceiveAsync(buffer.AsMemory(), context.RequestAborted)).MessageType != WebSocketMessageType.Close)
        {
            await socket.SendAsync(System.Text.Encoding.ASCII.GetBytes(name), WebSocketMessageType.Text, true, Cancellation);
        }

        await socket.CloseAsync(WebSocketCloseStatus.NormalClosure, null, Cancellation);
    });

    private static async Task<string> AskAsync(WebSocket socket)
    {
        var buffer = new byte[100];
        await socket.SendAsync("?"u8.ToArray(), WebSocketMessageType.Text, true, Cancellation);
        var received = await socket.ReceiveAsync(buffer.AsMemory(), Cancellation);
        return System.Text.Encoding.ASCII.GetString(buffer, 0, received.Count);
    }

    private static Task AppliedAsync(TestGateway gateway, int times = 1) => LoggedAsync(gateway, "json applied:", times);

    private static async Task LoggedAsync(TestGateway gateway, string text, int times = 1)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        limit.CancelAfter(TimeSpan.FromSeconds(20));
        await gateway.Log.WaitForAsync(_ => gateway.Log.All.Count(l => l.Message.Contains(text, StringComparison.Ordinal)) >= times, limit.Token);
    }

    [Theory]
    [InlineData("rename")]
    [InlineData("truncate and write")]
    [InlineData("symlink swap")]
    public async Task AChangedFileIsAppliedWhateverEditorWroteIt(string editor)
    {
        await using var first = await ServiceAsync("first");
        await using var second = await ServiceAsync("second");
        var port = FreePort();
        if (editor == "symlink swap")
        {
            await File.WriteAllTextAsync(FilePath + ".1", Json(first.Address, port), Cancellation);
            File.CreateSymbolicLink(FilePath, FilePath + ".1");
        }
        else
        {
            await File.WriteAllTextAsync(FilePath, Json(first.Address, port), Cancellation);
        }

        await using var gateway = await TestGateway.StartAsync(FilePath);
        Assert.Equal("first", await gateway.Client.GetStringAsync(gateway.At("/"), Cancellation));

        var changed = Json(second.Address, port);
        switch (editor)
        {
            case "rename":
                await File.WriteAllTextAsync(FilePath + ".new", changed, Cancellation);
                File.Move(FilePath + ".new", FilePath, overwrite: true);
                break;
            case "truncate and write":
                await using (var file = new StreamWriter(FilePath, append: false))
                {
                    await file.WriteAsync(changed.AsMemory(0, 20), Cancellation);
                    await file.FlushAsync(Cancellation);
                    await file.WriteAsync(changed.AsMemory(20), Cancellation);
                }

                break;
            default:
                await File.WriteAllTextAsync(FilePath + ".2", changed, Cancellation);
                File.CreateSymbolicLink(FilePath + ".link", FilePath + ".2");
                File.Move(FilePath + ".link", FilePath, overwrite: true);
                break;
        }

        await AppliedAsync(gateway);

        Assert.Equal("second", await gateway.Client.GetStringAsync(gateway.At("/"), Cancellation));
        Assert.DoesNotContain(gateway.Log.All, l => l.Level >= LogLevel.Error);
    }

    [Fact]
    public async Task AnInvalidFileChangesNothingAndIsReportedWholeAndTheMendedOneIsPickedUp()
    {
        await using var first = await ServiceAsync("first");
        await using var second = await ServiceAsync("second");
        var port = FreePort();
        await File.WriteAllTextAsync(FilePath, Json(first.Address, port), Cancellation);
        await using var gateway = await TestGateway.StartAsync(FilePath);

        await File.WriteAllTextAsync(FilePath, Json(second.Address, port, json =>
        {
            json["ReverseProxy"]!["Routes"]!["all"]!["ClusterId"] = "servise";
            json["Gateway"]!["HttpsRedirekt"] = true;
        }), Cancellation);
        await LoggedAsync(gateway, "was not applied");

        Assert.Equal("first", await gateway.Client.GetStringAsync(gateway.At("/"), Cancellation));
        Assert.Contains(gateway.Log.All, l => l.Message.Contains("did you mean 'service'?", StringComparison.Ordinal));
        Assert.Contains(gateway.Log.All, l => l.Message.Contains("did you mean 'HttpsRedirect'?", StringComparison.Ordinal));

        await File.WriteAllTextAsync(FilePath, Json(second.Address, port), Cancellation);
        await AppliedAsync(gateway);

        Assert.Equal("second", await gateway.Client.GetStringAsync(gateway.At("/"), Cancellation));
    }

    [Fact]
    public async Task EndpointsAreOpenedAndClosed()
    {
        await using var service = await ServiceAsync("served");
        var (kept, added) = (FreePort(), FreePort());
        await File.WriteAllTextAsync(FilePath, Json(service.Address, kept), Cancellation);
        await using var gateway = await TestGateway.StartAsync(FilePath);
        var url = $"https://127.0.0.1:{added}/";

        await File.WriteAllTextAsync(
            FilePath, Json(service.Address, kept, json => json["Kestrel"]!["Endpoints"]!["more"] = new JsonObject { ["Url"] = url }), Cancellation);
        await AppliedAsync(gateway);
        await EventuallyAsync(async () => await gateway.Client.GetStringAsync(url, Cancellation) == "served");

        await File.WriteAllTextAsync(FilePath, Json(service.Address, kept), Cancellation);
        await AppliedAsync(gateway, times: 2);
        await EventuallyAsync(async () =>
        {
            using var another = TestGateway.CreateClient();
            return await Record.ExceptionAsync(() => another.GetStringAsync(url, Cancellation)) is HttpRequestException;
        });

        Assert.Equal("served", await gateway.Client.GetStringAsync($"https://127.0.0.1:{kept}/", Cancellation));
    }

    [Fact]
    public async Task ANewEndpointWhosePortIsTakenIsRefusedBeforeAnythingChanges()
    {
        await using var service = await ServiceAsync("served");
        using var taken = new TcpListener(IPAddress.Loopback, 0);
        taken.Start();
        var (port, takenPort) = (FreePort(), ((IPEndPoint)taken.LocalEndpoint).Port);
        await File.WriteAllTextAsync(FilePath, Json(service.Address, port), Cancellation);
        await using var gateway = await TestGateway.StartAsync(FilePath);

        await File.WriteAllTextAsync(FilePath, Json(service.Address, port, json =>
            json["Kestrel"]!["Endpoints"]!["more"] = new JsonObject { ["Url"] = $"https://127.0.0.1:{takenPort}" }), Cancellation);

        await LoggedAsync(gateway, $"port {takenPort} is in use by");
        Assert.Equal("served", await gateway.Client.GetStringAsync(gateway.At("/"), Cancellation));
    }

    [Fact]
    public async Task RulesApplyToTheNextRequest()
    {
        await using var service = await ServiceAsync("served");
        var port = FreePort();
        await File.WriteAllTextAsync(FilePath, Json(service.Address, port), Cancellation);
        await using var gateway = await TestGateway.StartAsync(FilePath);

        await File.WriteAllTextAsync(FilePath, Json(service.Address, port, json =>
        {
            json["AllowedHosts"] = "127.0.0.1";
            json["Gateway"]!["Limits"] = new JsonObject { ["MaxRequestBodySize"] = 10 };
        }), Cancellation);
        await AppliedAsync(gateway);

        using var tooLarge = await gateway.Client.PostAsync(gateway.At("/"), new ByteArrayContent(new byte[11]), Cancellation);
        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, tooLarge.StatusCode);
        using var request = new HttpRequestMessage(HttpMethod.Get, gateway.At("/")) { Headers = { Host = "other.example.com" } };
        using var refused = await gateway.Client.SendAsync(request, Cancellation);
        Assert.Equal(HttpStatusCode.MisdirectedRequest, refused.StatusCode);
    }

    [Fact]
    public async Task ACallOfAnUnchangedRouteGoesOnAndOneWhoseRouteIsRepointedEndsWith1012()
    {
        await using var first = await ServiceAsync("first");
        await using var second = await ServiceAsync("second");
        var port = FreePort();
        await File.WriteAllTextAsync(FilePath, Json(first.Address, port), Cancellation);
        await using var gateway = await TestGateway.StartAsync(FilePath);
        using var call = await gateway.ConnectWebSocketAsync("/ws", HttpVersion.Version11, Cancellation);

        await File.WriteAllTextAsync(FilePath, Json(first.Address, port, json => json["Gateway"]!["HttpsRedirect"] = false), Cancellation);
        await AppliedAsync(gateway);
        Assert.Equal("first", await AskAsync(call));

        await File.WriteAllTextAsync(FilePath, Json(second.Address, port), Cancellation);
        await AppliedAsync(gateway, times: 2);
        var received = await call.ReceiveAsync(new byte[10].AsMemory(), Cancellation);

        Assert.Equal(WebSocketMessageType.Close, received.MessageType);
        Assert.Equal((WebSocketCloseStatus)1012, call.CloseStatus);
    }

    [Fact]
    public async Task ACallWhoseRouteIsRepointedGoesOnUntilItEnds()
    {
        await using var first = await ServiceAsync("first");
        await using var second = await ServiceAsync("second");
        var port = FreePort();
        static void DrainLong(JsonObject json) => json["Gateway"]!["Shutdown"]!["DrainTimeout"] = "00:10:00";
        await File.WriteAllTextAsync(FilePath, Json(first.Address, port, DrainLong), Cancellation);
        await using var gateway = await TestGateway.StartAsync(FilePath);
        using var call = await gateway.ConnectWebSocketAsync("/ws", HttpVersion.Version11, Cancellation);

        await File.WriteAllTextAsync(FilePath, Json(second.Address, port, DrainLong), Cancellation);
        await AppliedAsync(gateway);

        Assert.Equal("second", await gateway.Client.GetStringAsync(gateway.At("/"), Cancellation));
        Assert.Equal("first", await AskAsync(call));
        await call.CloseAsync(WebSocketCloseStatus.NormalClosure, null, Cancellation);
        Assert.Equal(WebSocketCloseStatus.NormalClosure, call.CloseStatus);
    }

    [Fact]
    public async Task AnotherPlaceForTheStatusTakesEffectAtTheNextStart()
    {
        await using var service = await ServiceAsync("served");
        var port = FreePort();
        await File.WriteAllTextAsync(FilePath, Json(service.Address, port), Cancellation);
        await using var gateway = await TestGateway.StartAsync(FilePath);

        await File.WriteAllTextAsync(FilePath, Json(service.Address, port, json => json["Gateway"]!["Admin"] = "127.0.0.1:9000"), Cancellation);

        await LoggedAsync(gateway, "Gateway:Admin has changed; this takes effect when the gateway is restarted");
    }

    private static async Task EventuallyAsync(Func<Task<bool>> happens)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        limit.CancelAfter(TimeSpan.FromSeconds(20));
        while (true)
        {
            try
            {
                if (await happens())
                {
                    return;
                }
            }
            catch (HttpRequestException)
            {
                // Not yet.
            }

            await Task.Delay(50, limit.Token);
        }
    }
}
