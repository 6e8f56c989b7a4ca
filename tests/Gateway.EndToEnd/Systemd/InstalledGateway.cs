using System.Net;
using System.Net.Security;
using System.Net.WebSockets;
using Gateway.EndToEnd.Harness;
using Gateway.EndToEnd.Publishing;
using Gateway.Tests.Hosting;
using Microsoft.AspNetCore.Http;

namespace Gateway.EndToEnd.Systemd;

/// <summary>A machine on which install.sh has installed the published gateway, in front of a service of the test's own.</summary>
public sealed class InstalledGateway(PublishedGateway published) : IAsyncLifetime
{
    /// <summary>Where the gateway's own files are, as install.sh gets them.</summary>
    private const string Package = "/opt/package";

    /// <summary>The length of the service's answer: more than one TLS record.</summary>
    internal const int AnswerLength = 20_000;

    private Machine? _machine;
    private TestService? _service;

    internal Machine Machine => _machine ?? throw new InvalidOperationException("The machine does not run.");

    public async ValueTask InitializeAsync()
    {
        var program = await published.PublishForThisMachineAsync();
        _machine = await Machine.BootAsync();
        _service = await TestService.StartAsync(AnswerAsync, bind: Machine.Network.Bind);
        await RunningProgram.RunAsync("cp", ["-r", Path.Combine(Repository.Root, "deploy"), Machine.Root + Package]);
        File.Copy(program, Machine.Root + Package + "/gateway");
        // More restarts in a minute than a person makes are not what these tests are about.
        await Machine.WriteAsync("/run/systemd/system/gateway.socket.d/test.conf", "[Socket]\nTriggerLimitIntervalSec=0\n");
    }

    /// <summary>Installs it, or upgrades it; with a configuration of the tests, in force.</summary>
    internal async Task InstallAsync(TimeSpan? drain = null)
    {
        await Machine.WriteAsync("/etc/gateway/gateway.json", Configuration(drain).ToString());
        await RunInstallerAsync("--binary", Package + "/gateway");
    }

    internal Task<string> RunInstallerAsync(params string[] arguments) => Machine.RunAsync([Package + "/install.sh", .. arguments]);

    internal GatewayJson Configuration(TimeSpan? drain = null) => new GatewayJson()
        .Set("Kestrel:Endpoints:https:Url", "https://*:443")
        .Set("Kestrel:Endpoints:http:Url", "http://*:80")
        // Names that are not the gateway's own: its check of itself must not depend on them.
        .Set("AllowedHosts", "localhost;chat.example.com")
        .Set("Gateway:Shutdown:DrainTimeout", (drain ?? TimeSpan.FromSeconds(30)).ToString("c"))
        .Set("Serilog:MinimumLevel:Override:Gateway.Observability", "Warning")
        .To(_service!.Address);

    /// <summary>300 requests a second.</summary>
    internal MixedLoad StartLoad() =>
        new MixedLoad(token => Machine.Network.ConnectAsync(IPAddress.Loopback, 443, token), AnswerLength).Start();

    /// <summary>One request on a new connection.</summary>
    internal async Task<HttpStatusCode> AskAsync()
    {
        using var client = new HttpClient(Handler());
        using var response = await client.GetAsync(new Uri("https://localhost/"), TestContext.Current.CancellationToken);
        return response.StatusCode;
    }

    /// <summary>Opens calls, which the service answers with what it hears.</summary>
    internal Task<IReadOnlyList<ClientWebSocket>> OpenCallsAsync(int count) => OpenCallsAsync(count, Handler(), new Uri("wss://localhost/ws/call"));

    internal static async Task<IReadOnlyList<ClientWebSocket>> OpenCallsAsync(int count, SocketsHttpHandler handler, Uri address)
    {
        var calls = new List<ClientWebSocket>();
        using var client = new HttpMessageInvoker(handler, disposeHandler: false);
        for (var i = 0; i < count; i++)
        {
            var socket = new ClientWebSocket();
            socket.Options.KeepAliveInterval = TimeSpan.Zero;
            await socket.ConnectAsync(address, client, TestContext.Current.CancellationToken);
            calls.Add(socket);
        }

        return calls;
    }

    /// <summary>Whatever certificate the proxy shows: these tests are not about it.</summary>
    internal static SocketsHttpHandler AnyCertificate(SocketsHttpHandler handler)
    {
        handler.SslOptions = new SslClientAuthenticationOptions { RemoteCertificateValidationCallback = (_, shown, _, _) => shown is not null };
        return handler;
    }

    public async ValueTask DisposeAsync()
    {
        if (_service is not null)
        {
            await _service.DisposeAsync();
        }

        if (_machine is not null)
        {
            await _machine.DisposeAsync();
        }
    }

    private SocketsHttpHandler Handler() => AnyCertificate(Machine.Network.CreateHandler());

    /// <summary>The service: a page of a known length, and an echo for calls.</summary>
    internal static async Task AnswerAsync(HttpContext context)
    {
        if (!context.WebSockets.IsWebSocketRequest)
        {
            context.Response.ContentLength = AnswerLength;
            await context.Response.Body.WriteAsync(new byte[AnswerLength]);
            return;
        }

        using var socket = await context.WebSockets.AcceptWebSocketAsync();
        var buffer = new byte[1024];
        while (await socket.ReceiveAsync(buffer.AsMemory(), context.RequestAborted) is { MessageType: not WebSocketMessageType.Close } message)
        {
            await socket.SendAsync(buffer.AsMemory(0, message.Count), message.MessageType, message.EndOfMessage, context.RequestAborted);
        }

        await socket.CloseAsync(socket.CloseStatus ?? WebSocketCloseStatus.Empty, socket.CloseStatusDescription, context.RequestAborted);
    }
}
