using System.Net;
using System.Net.Sockets;
using System.Net.WebSockets;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Gateway.Tests.Hosting;

/// <summary>A reload that removes or changes an endpoint: its connections are not cut with it.</summary>
public sealed class RemovedEndpointTests : IAsyncLifetime
{
    // Kestrel by itself cuts the connections of a removed endpoint after five seconds, and opens no other one before.
    private static readonly TimeSpan KestrelsPatience = TimeSpan.FromSeconds(5);

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("gateway-endpoints-");
    private readonly TaskCompletionSource _release = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly int _kept = FreePort();
    private readonly int _other = FreePort();
    private TestService _service = null!;
    private TestGateway _gateway = null!;
    private int _applied;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private string FilePath => Path.Combine(_folder.FullName, "gateway.json");

    private static string Https(int port) => $"https://127.0.0.1:{port}";

    public async ValueTask InitializeAsync() => _service = await TestService.StartAsync(async context =>
    {
        if (context.WebSockets.IsWebSocketRequest)
        {
            await EchoAsync(context);
        }
        else if (context.Request.Path == "/slow")
        {
            await context.Response.WriteAsync("be", Cancellation);
            await context.Response.Body.FlushAsync(Cancellation);
            await _release.Task;
            await context.Response.WriteAsync("gun", Cancellation);
        }
        else
        {
            await context.Response.WriteAsync("served", Cancellation);
        }
    });

    public async ValueTask DisposeAsync()
    {
        _release.TrySetResult();
        await _gateway.DisposeAsync();
        await _service.DisposeAsync();
        _folder.Delete(recursive: true);
    }

    [Theory]
    [InlineData("1.1")]
    [InlineData("2.0")]
    public async Task ACallGoesOnUntilTheDrainTimeIsUpAndThenGets1012(string version)
    {
        await StartAsync("00:00:12", ("kept", Https(_kept)), ("other", Https(_other)));
        using var call = await ConnectAsync(_other, version);
        using var another = await ConnectAsync(_kept, version);

        await ReloadAsync("00:00:12", ("kept", Https(_kept)));
        await RefusedAsync(_other);
        await Task.Delay(KestrelsPatience + TimeSpan.FromSeconds(2), Cancellation);
        await EchoAsync(call);

        var received = await call.ReceiveAsync(new byte[10].AsMemory(), Cancellation);
        Assert.Equal(WebSocketMessageType.Close, received.MessageType);
        Assert.Equal((1012, "service restart"), ((int)call.CloseStatus!, call.CloseStatusDescription));
        await call.CloseAsync(WebSocketCloseStatus.NormalClosure, null, Cancellation);
        await LoggedAsync("its last connection has ended; 0 were cut");
        await EchoAsync(another);
    }

    [Fact]
    public async Task ACallThatEndsOfItselfIsNotCut()
    {
        await StartAsync("00:10:00", ("kept", Https(_kept)), ("other", Https(_other)));
        using var call = await ConnectAsync(_other, "1.1");

        await ReloadAsync("00:10:00", ("kept", Https(_kept)));
        await RefusedAsync(_other);
        await EchoAsync(call);
        await call.CloseAsync(WebSocketCloseStatus.NormalClosure, "done", Cancellation);

        Assert.Equal(WebSocketCloseStatus.NormalClosure, call.CloseStatus);
        await LoggedAsync("WebSocket closed");
    }

    [Theory]
    [InlineData("1.1")]
    [InlineData("2.0")]
    public async Task ARequestUnderWayIsAnsweredWhole(string version)
    {
        await StartAsync("00:10:00", ("kept", Https(_kept)), ("other", Https(_other)));
        using var request = new HttpRequestMessage(HttpMethod.Get, Https(_other) + "/slow") { Version = Version.Parse(version), VersionPolicy = HttpVersionPolicy.RequestVersionExact };
        using var response = await _gateway.Client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, Cancellation);

        await ReloadAsync("00:10:00", ("kept", Https(_kept)));
        await RefusedAsync(_other);
        await Task.Delay(KestrelsPatience + TimeSpan.FromSeconds(2), Cancellation);
        _release.SetResult();

        Assert.Equal("begun", await response.Content.ReadAsStringAsync(Cancellation));
    }

    [Fact]
    public async Task AnEndpointThatIsAddedOrChangedNeedNotWaitForTheCallsOfTheOldOne()
    {
        await StartAsync("00:10:00", ("kept", Https(_kept)), ("other", Https(_other)));
        using var call = await ConnectAsync(_other, "1.1");
        using var idle = TestGateway.CreateClient();
        await idle.GetStringAsync(Https(_other), Cancellation);
        var added = FreePort();

        // From https to http on the same port, and a new one.
        await ReloadAsync("00:10:00", ("kept", Https(_kept)), ("other", $"http://127.0.0.1:{_other}"), ("added", Https(added)));
        using var soon = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        soon.CancelAfter(KestrelsPatience - TimeSpan.FromSeconds(1));
        await ServedAsync($"http://127.0.0.1:{_other}/", soon.Token);
        await ServedAsync(Https(added), soon.Token);

        await EchoAsync(call);
        Assert.DoesNotContain(_gateway.Log.All, l => l.Level >= LogLevel.Error);
    }

    [Fact]
    public async Task AtTheEndOfTheProcessCallsOfARemovedEndpointGet1012Too()
    {
        await StartAsync("00:00:01", ("kept", Https(_kept)), ("other", Https(_other)));
        var json = Json("00:10:00", ("kept", Https(_kept)));
        using var call = await ConnectAsync(_other, "1.1");
        await WriteAsync(json);
        await RefusedAsync(_other);
        // The endpoint's ten minutes have begun; the process's own time is short.
        await WriteAsync(Json("00:00:01", ("kept", Https(_kept))));

        var stopping = _gateway.StopAsync();
        var received = await call.ReceiveAsync(new byte[10].AsMemory(), Cancellation);
        await call.CloseAsync(WebSocketCloseStatus.NormalClosure, null, Cancellation);
        await stopping;

        Assert.Equal(WebSocketMessageType.Close, received.MessageType);
        Assert.Equal(1012, (int)call.CloseStatus!);
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    private string Json(string drain, params (string Name, string Url)[] endpoints)
    {
        var json = JsonNode.Parse($$"""
            {
              "Kestrel": { "Endpoints": {} },
              "ReverseProxy": {
                "Routes": { "all": { "ClusterId": "service", "Match": { "Path": "/{**rest}" }, "Metadata": { "WebSockets": true } } },
                "Clusters": { "service": { "Destinations": { "one": { "Address": "{{_service.Address}}" } } } }
              },
              "Gateway": { "HttpsRedirect": false, "Shutdown": { "DrainTimeout": "{{drain}}" } }
            }
            """)!;
        foreach (var (name, url) in endpoints)
        {
            json["Kestrel"]!["Endpoints"]![name] = new JsonObject { ["Url"] = url };
        }

        return json.ToJsonString();
    }

    private async Task StartAsync(string drain, params (string Name, string Url)[] endpoints)
    {
        await File.WriteAllTextAsync(FilePath, Json(drain, endpoints), Cancellation);
        _gateway = await TestGateway.StartAsync(FilePath);
    }

    private Task ReloadAsync(string drain, params (string Name, string Url)[] endpoints) => WriteAsync(Json(drain, endpoints));

    private async Task WriteAsync(string json)
    {
        await File.WriteAllTextAsync(FilePath, json, Cancellation);
        await LoggedAsync("json applied:", ++_applied);
    }

    private async Task LoggedAsync(string text, int times = 1)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        limit.CancelAfter(TimeSpan.FromSeconds(30));
        await _gateway.Log.WaitForAsync(_ => _gateway.Log.All.Count(l => l.Message.Contains(text, StringComparison.Ordinal)) >= times, limit.Token);
    }

    private static async Task<ClientWebSocket> ConnectAsync(int port, string version)
    {
        var socket = new ClientWebSocket();
        socket.Options.HttpVersion = Version.Parse(version);
        socket.Options.HttpVersionPolicy = HttpVersionPolicy.RequestVersionExact;
        socket.Options.KeepAliveInterval = TimeSpan.Zero;
        await socket.ConnectAsync(new Uri($"wss://127.0.0.1:{port}/ws"), TestGateway.CreateClient(), Cancellation);
        return socket;
    }

    private static async Task EchoAsync(WebSocket socket)
    {
        var buffer = new byte[10];
        await socket.SendAsync("?"u8.ToArray(), WebSocketMessageType.Text, true, Cancellation);
        var received = await socket.ReceiveAsync(buffer.AsMemory(), Cancellation);
        Assert.Equal((WebSocketMessageType.Text, 1), (received.MessageType, received.Count));
    }

    private static async Task EchoAsync(HttpContext context)
    {
        using var socket = await context.WebSockets.AcceptWebSocketAsync();
        var buffer = new byte[10];
        while (true)
        {
            var received = await socket.ReceiveAsync(buffer.AsMemory(), context.RequestAborted);
            if (received.MessageType == WebSocketMessageType.Close)
            {
                await socket.CloseAsync(socket.CloseStatus!.Value, socket.CloseStatusDescription, context.RequestAborted);
                return;
            }

            await socket.SendAsync(buffer.AsMemory(0, received.Count), received.MessageType, true, context.RequestAborted);
        }
    }

    private static async Task RefusedAsync(int port)
    {
        while (true)
        {
            using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            try
            {
                await socket.ConnectAsync(IPAddress.Loopback, port, Cancellation);
            }
            catch (SocketException exception) when (exception.SocketErrorCode == SocketError.ConnectionRefused)
            {
                return;
            }

            await Task.Delay(20, Cancellation);
        }
    }

    private static async Task ServedAsync(string url, CancellationToken cancellationToken)
    {
        using var client = TestGateway.CreateClient();
        while (true)
        {
            try
            {
                if (await client.GetStringAsync(url, cancellationToken) == "served")
                {
                    return;
                }
            }
            catch (HttpRequestException)
            {
                // Not yet.
            }

            await Task.Delay(20, cancellationToken);
        }
    }
}
