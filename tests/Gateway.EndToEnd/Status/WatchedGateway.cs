using System.Net.WebSockets;
using System.Text;
using System.Text.Json.Nodes;
using Gateway.EndToEnd.Harness;
using Gateway.Tests.Hosting;
using Microsoft.AspNetCore.Http;

namespace Gateway.EndToEnd.Status;

/// <summary>A gateway with traffic behind it: requests, a call that is open, one that has ended, and a service that is down.</summary>
internal sealed class WatchedGateway : IAsyncDisposable
{
    private readonly TestService _service;
    private readonly ClientWebSocket _call;

    private WatchedGateway(TestFolder folder, GatewayProcess gateway, TestService service, ClientWebSocket call, int adminPort) =>
        (Folder, Gateway, _service, _call, AdminPort) = (folder, gateway, service, call, adminPort);

    public TestFolder Folder { get; }

    public GatewayProcess Gateway { get; }

    public int AdminPort { get; }

    public Uri Admin => new($"http://127.0.0.1:{AdminPort}/");

    /// <summary>For commands that ask it.</summary>
    public Dictionary<string, string?> Environment => new() { ["GATEWAY_Gateway__Admin"] = null };

    public string Config => Folder["gateway.json"];

    /// <param name="environment">More variables of the gateway.</param>
    public static async Task<WatchedGateway> StartAsync(IReadOnlyDictionary<string, string?>? environment = null)
    {
        var folder = new TestFolder();
        var service = await TestService.StartAsync(AnswerAsync);
        var adminPort = Ports.Free();
        var json = new GatewayJson().Https()
            .Route("voice", "/api/{**rest}", service.Address)
            .Route("video", "/ws/{**rest}", service.Address)
            .Route("down", "/down/{**rest}", $"http://127.0.0.1:{Ports.Free()}")
            .Route("web", "/{**rest}", service.Address)
            .Set("Gateway:Admin", $"127.0.0.1:{adminPort}");
        var variables = new Dictionary<string, string?>(environment ?? new Dictionary<string, string?>()) { ["GATEWAY_Gateway__Admin"] = null };
        var gateway = await GatewayProcess.RunAsync(folder, json, variables);
        using var client = gateway.CreateClient();
        for (var i = 0; i < 12; i++)
        {
            using var api = await client.PostAsync("/api/speech-to-text", new ByteArrayContent(new byte[5000]));
            using var page = await client.GetAsync(i == 3 ? "/missing" : "/");
        }

        using var failed = await client.GetAsync("/down/stairs?token=secret");
        using var ended = await ConnectAsync(gateway);
        await TalkAsync(ended, 2);
        await ended.CloseAsync((WebSocketCloseStatus)4001, "enough", CancellationToken.None);
        var call = await ConnectAsync(gateway);
        await TalkAsync(call, 5);
        return new WatchedGateway(folder, gateway, service, call, adminPort);
    }

    public async ValueTask DisposeAsync()
    {
        _call.Dispose();
        await Gateway.DisposeAsync();
        await _service.DisposeAsync();
        Folder.Dispose();
    }

    public static async Task<JsonNode> UntilAsync(Func<Task<JsonNode>> read, Predicate<JsonNode> holds)
    {
        var cancellation = TestContext.Current.CancellationToken;
        for (var tries = 0; ; tries++)
        {
            var value = await read();
            if (holds(value) || tries > 300)
            {
                return value;
            }

            await Task.Delay(200, cancellation);
        }
    }

    private static async Task<ClientWebSocket> ConnectAsync(GatewayProcess gateway)
    {
        var socket = new ClientWebSocket();
        socket.Options.KeepAliveInterval = TimeSpan.Zero;
        using var handler = new SocketsHttpHandler { SslOptions = GatewayProcess.TrustOnly(gateway.CaPath) };
        var invoker = new HttpMessageInvoker(handler, disposeHandler: false);
        await socket.ConnectAsync(new Uri($"wss://localhost:{gateway.HttpsPort}/ws/video?token=secret"), invoker, CancellationToken.None);
        return socket;
    }

    private static async Task TalkAsync(ClientWebSocket socket, int times)
    {
        for (var i = 0; i < times; i++)
        {
            await socket.SendAsync(new byte[100], WebSocketMessageType.Binary, true, CancellationToken.None);
            await socket.ReceiveAsync(new byte[1000].AsMemory(), CancellationToken.None);
        }
    }

    private static async Task AnswerAsync(HttpContext context)
    {
        if (!context.WebSockets.IsWebSocketRequest)
        {
            await context.Request.Body.CopyToAsync(Stream.Null);
            context.Response.StatusCode = context.Request.Path == "/missing" ? StatusCodes.Status404NotFound : StatusCodes.Status200OK;
            await context.Response.Body.WriteAsync(Encoding.ASCII.GetBytes(new string('x', 2000)));
            return;
        }

        using var socket = await context.WebSockets.AcceptWebSocketAsync();
        var buffer = new byte[1000];
        while (await socket.ReceiveAsync(buffer.AsMemory(), CancellationToken.None) is { MessageType: not WebSocketMessageType.Close })
        {
            await socket.SendAsync(buffer.AsMemory(0, 500), WebSocketMessageType.Binary, true, CancellationToken.None);
        }

        await socket.CloseOutputAsync(socket.CloseStatus!.Value, null, CancellationToken.None);
    }
}
