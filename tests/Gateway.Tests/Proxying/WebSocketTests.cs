using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Net.WebSockets;
using Gateway.Configuration;
using Gateway.Tests.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Yarp.ReverseProxy.Forwarder;

namespace Gateway.Tests.Proxying;

/// <summary>Every fact over both versions: HTTP/1.1 with Upgrade, and HTTP/2 with extended CONNECT as browsers choose it.</summary>
public sealed class WebSocketTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    // 60,000 zeros, masked with zeros (RFC 6455 section 5.2).
    private static byte[] BinaryFrame => [0x82, 0xFE, 0xEA, 0x60, 0, 0, 0, 0, .. new byte[60_000]];

    public static TheoryData<string> Versions => ["1.1", "2.0"];

    private static async Task EchoAsync(HttpContext context)
    {
        using var socket = await context.WebSockets.AcceptWebSocketAsync();
        await EchoAsync(socket, context.RequestAborted);
    }

    private static async Task EchoAsync(WebSocket socket, CancellationToken cancellationToken)
    {
        var buffer = new byte[16 * 1024];
        while (true)
        {
            var received = await socket.ReceiveAsync(buffer.AsMemory(), cancellationToken);
            if (received.MessageType == WebSocketMessageType.Close)
            {
                await socket.CloseAsync(socket.CloseStatus!.Value, socket.CloseStatusDescription, cancellationToken);
                return;
            }

            await socket.SendAsync(buffer.AsMemory(0, received.Count), received.MessageType, received.EndOfMessage, cancellationToken);
        }
    }

    private static async Task AssertEchoesAsync(WebSocket socket, int size)
    {
        var sent = new byte[size];
        Random.Shared.NextBytes(sent);
        var sending = socket.SendAsync(sent, WebSocketMessageType.Binary, true, Cancellation);
        var received = new byte[size];
        var count = 0;
        while (count < size)
        {
            count += (await socket.ReceiveAsync(received.AsMemory(count), Cancellation)).Count;
        }

        await sending;
        Assert.Equal(sent, received);
    }

    [Theory]
    [MemberData(nameof(Versions))]
    public async Task ReachesTheServiceAsAnHttp11Upgrade(string version)
    {
        var seen = new TaskCompletionSource<(string Method, string Protocol, string Upgrade, string Target)>();
        await using var service = await TestService.StartAsync(context =>
        {
            seen.TrySetResult((context.Request.Method, context.Request.Protocol, context.Request.Headers.Upgrade.ToString(), context.Request.Path + context.Request.QueryString));
            return EchoAsync(context);
        });
        await using var gateway = await TestGateway.StartAsync(TestConfiguration.ForService(service.Address));

        using var socket = await gateway.ConnectWebSocketAsync("/ws/video?token=1", Version.Parse(version), Cancellation);

        Assert.Equal(("GET", "HTTP/1.1", "websocket", "/ws/video?token=1"), await seen.Task);
        await AssertEchoesAsync(socket, 200_000);
    }

    [Theory]
    [MemberData(nameof(Versions))]
    public async Task ReachesAServiceThatSpeaksHttp2AsAnExtendedConnect(string version)
    {
        var seen = new TaskCompletionSource<(string Method, string Protocol)>();
        await using var service = await TestService.StartAsync(
            context =>
            {
                seen.TrySetResult((context.Request.Method, context.Request.Protocol));
                return EchoAsync(context);
            },
            kestrel => kestrel.ConfigureEndpointDefaults(endpoint => endpoint.Protocols = HttpProtocols.Http2));
        var configuration = TestConfiguration.ForService(service.Address);
        await using var gateway = await TestGateway.StartAsync(configuration with
        {
            Clusters = [configuration.Clusters[0] with { HttpRequest = new ForwarderRequestConfig { Version = HttpVersion.Version20, VersionPolicy = HttpVersionPolicy.RequestVersionExact } }],
        });

        using var socket = await gateway.ConnectWebSocketAsync("/ws/video", Version.Parse(version), Cancellation);

        Assert.Equal(("CONNECT", "HTTP/2"), await seen.Task);
        await AssertEchoesAsync(socket, 10);
        await AssertEchoesAsync(socket, 200_000);
        await socket.CloseAsync(WebSocketCloseStatus.NormalClosure, "done", Cancellation);
        Assert.Equal("done", socket.CloseStatusDescription);
    }

    // What the client has sent stands before its end, and is not read while the service takes nothing.
    [Fact]
    public async Task AClientThatLeavesIsNoticedWhileTheServiceTakesNothing()
    {
        var end = new TaskCompletionSource();
        await using var service = await TestService.StartAsync(async context =>
        {
            using var socket = await context.WebSockets.AcceptWebSocketAsync();
            await end.Task;
        });
        await using var gateway = await TestGateway.StartAsync(TestConfiguration.ForService(service.Address));
        using var tcp = new TcpClient();
        await tcp.ConnectAsync(IPAddress.Loopback, gateway.At("/").Port, Cancellation);
        await using var tls = new SslStream(tcp.GetStream(), leaveInnerStreamOpen: true, TestGateway.IsTestCertificate);
        await tls.AuthenticateAsClientAsync("localhost");
        await tls.WriteAsync("GET /ws/video HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"u8.ToArray(), Cancellation);
        await tls.ReadAtLeastAsync(new byte[500], 12, cancellationToken: Cancellation);
        using (var stalled = CancellationTokenSource.CreateLinkedTokenSource(Cancellation))
        {
            while (!stalled.IsCancellationRequested)
            {
                stalled.CancelAfter(TimeSpan.FromSeconds(1));
                await Record.ExceptionAsync(() => tls.WriteAsync(BinaryFrame, stalled.Token).AsTask());
            }
        }

        tcp.LingerState = new LingerOption(true, 0);
        tcp.Close();

        var record = await gateway.Log.WaitForAsync(l => l.Message.Contains("WebSocket closed", StringComparison.Ordinal), Cancellation);
        Assert.Equal("Client", record.Properties["ClosedBy"]?.ToString());
        end.SetResult();
    }

    [Theory]
    [MemberData(nameof(Versions))]
    public async Task TheClientsCloseCodeAndReasonReachTheService(string version)
    {
        var closed = new TaskCompletionSource<(int, string?)>();
        await using var service = await TestService.StartAsync(async context =>
        {
            using var socket = await context.WebSockets.AcceptWebSocketAsync();
            await socket.ReceiveAsync(new byte[10].AsMemory(), Cancellation);
            closed.SetResult(((int)socket.CloseStatus!, socket.CloseStatusDescription));
            await socket.CloseAsync(WebSocketCloseStatus.NormalClosure, "bye to you too", Cancellation);
        });
        await using var gateway = await TestGateway.StartAsync(TestConfiguration.ForService(service.Address));
        using var socket = await gateway.ConnectWebSocketAsync("/ws/video", Version.Parse(version), Cancellation);

        await socket.CloseAsync((WebSocketCloseStatus)4001, "再见", Cancellation);

        Assert.Equal((4001, "再见"), await closed.Task);
        Assert.Equal("bye to you too", socket.CloseStatusDescription);
        var record = await gateway.Log.WaitForAsync(l => l.Message.Contains("WebSocket closed", StringComparison.Ordinal), Cancellation);
        Assert.Equal("Client", record.Properties["ClosedBy"]?.ToString());
        Assert.Equal(4001, record.Properties["CloseCode"]);
    }

    [Theory]
    [MemberData(nameof(Versions))]
    public async Task TheServicesCloseCodeAndReasonReachTheClient(string version)
    {
        await using var service = await TestService.StartAsync(async context =>
        {
            using var socket = await context.WebSockets.AcceptWebSocketAsync();
            await socket.CloseAsync((WebSocketCloseStatus)4002, "model is gone", Cancellation);
        });
        await using var gateway = await TestGateway.StartAsync(TestConfiguration.ForService(service.Address));
        using var socket = await gateway.ConnectWebSocketAsync("/ws/video", Version.Parse(version), Cancellation);

        var received = await socket.ReceiveAsync(new byte[10].AsMemory(), Cancellation);
        await socket.CloseAsync(socket.CloseStatus!.Value, null, Cancellation);

        Assert.Equal(WebSocketMessageType.Close, received.MessageType);
        Assert.Equal((4002, "model is gone"), ((int)socket.CloseStatus, socket.CloseStatusDescription));
        var record = await gateway.Log.WaitForAsync(l => l.Message.Contains("WebSocket closed", StringComparison.Ordinal), Cancellation);
        Assert.Equal("Service", record.Properties["ClosedBy"]?.ToString());
        Assert.Equal(4002, record.Properties["CloseCode"]);
    }

    [Theory]
    [MemberData(nameof(Versions))]
    public async Task IsLoggedWhenItOpensAndWithItsBytesWhenItCloses(string version)
    {
        await using var service = await TestService.StartAsync(EchoAsync);
        await using var gateway = await TestGateway.StartAsync(TestConfiguration.ForService(service.Address));
        using (var socket = await gateway.ConnectWebSocketAsync("/ws/video?secret=1", Version.Parse(version), Cancellation))
        {
            await gateway.Log.WaitForAsync(l => l.Message.Contains("WebSocket opened", StringComparison.Ordinal), Cancellation);
            await AssertEchoesAsync(socket, 1000);
            await socket.CloseAsync(WebSocketCloseStatus.NormalClosure, null, Cancellation);
        }

        var record = await gateway.Log.WaitForAsync(l => l.Message.Contains("WebSocket closed", StringComparison.Ordinal), Cancellation);
        // Header, extended length, mask and payload, then the close frame; the service does not mask.
        Assert.Equal(2 + 2 + 4 + 1000 + (2 + 4 + 2L), record.Properties["BytesFromClient"]);
        Assert.Equal(2 + 2 + 1000 + (2 + 2L), record.Properties["BytesFromService"]);
        Assert.Equal("/ws/video", record.Properties["Path"]?.ToString());
        Assert.DoesNotContain(gateway.Log.All, l => l.Message.Contains("secret", StringComparison.Ordinal));
    }

    [Theory]
    [MemberData(nameof(Versions))]
    public async Task HasNoSizeLimit(string version)
    {
        await using var service = await TestService.StartAsync(EchoAsync);
        await using var gateway = await TestGateway.StartAsync(
            TestConfiguration.ForService(service.Address) with { Gateway = new GatewayOptions { MaxRequestBodySize = 10_000 } });
        using var socket = await gateway.ConnectWebSocketAsync("/ws/video", Version.Parse(version), Cancellation);

        for (var i = 0; i < 20; i++)
        {
            await AssertEchoesAsync(socket, 5_000);
        }
    }

    [Theory]
    [MemberData(nameof(Versions))]
    public async Task StaysOpenThoughSilentForLongerThanARequestMayBe(string version)
    {
        await using var service = await TestService.StartAsync(EchoAsync);
        await using var gateway = await TestGateway.StartAsync(
            TestConfiguration.ForService(service.Address) with { Gateway = new GatewayOptions { RequestTimeout = TimeSpan.FromMilliseconds(300) } });
        using var socket = await gateway.ConnectWebSocketAsync("/ws/video", Version.Parse(version), Cancellation);

        await Task.Delay(TimeSpan.FromSeconds(1), Cancellation);

        await AssertEchoesAsync(socket, 10);
    }

    [Theory]
    [MemberData(nameof(Versions))]
    public async Task IsClosedByTheGatewayAtTheIdleTimeoutIfThereIsOne(string version)
    {
        await using var service = await TestService.StartAsync(EchoAsync);
        await using var gateway = await TestGateway.StartAsync(
            TestConfiguration.ForService(service.Address) with { Gateway = new GatewayOptions { WebSocketIdleTimeout = TimeSpan.FromMilliseconds(300) } });
        using var socket = await gateway.ConnectWebSocketAsync("/ws/video", Version.Parse(version), Cancellation);

        await Assert.ThrowsAnyAsync<WebSocketException>(async () => await socket.ReceiveAsync(new byte[10].AsMemory(), Cancellation));

        var record = await gateway.Log.WaitForAsync(l => l.Message.Contains("WebSocket closed", StringComparison.Ordinal), Cancellation);
        Assert.Equal("Gateway", record.Properties["ClosedBy"]?.ToString());
    }

    [Theory]
    [MemberData(nameof(Versions))]
    public async Task AClientThatVanishesIsToldToTheService(string version)
    {
        var gone = new TaskCompletionSource();
        await using var service = await TestService.StartAsync(async context =>
        {
            using var socket = await context.WebSockets.AcceptWebSocketAsync();
            try
            {
                await socket.ReceiveAsync(new byte[10].AsMemory(), Cancellation);
            }
            catch (WebSocketException)
            {
                gone.SetResult();
            }
        });
        await using var gateway = await TestGateway.StartAsync(TestConfiguration.ForService(service.Address));
        var socket = await gateway.ConnectWebSocketAsync("/ws/video", Version.Parse(version), Cancellation);

        socket.Abort();

        await gone.Task.WaitAsync(TimeSpan.FromSeconds(5), Cancellation);
        var record = await gateway.Log.WaitForAsync(l => l.Message.Contains("WebSocket closed", StringComparison.Ordinal), Cancellation);
        Assert.Equal("Client", record.Properties["ClosedBy"]?.ToString());
        Assert.Null(record.Properties["CloseCode"]);
    }

    [Theory]
    [MemberData(nameof(Versions))]
    public async Task AServiceThatVanishesIsToldToTheClient(string version)
    {
        await using var service = await TestService.StartAsync(async context =>
        {
            using var socket = await context.WebSockets.AcceptWebSocketAsync();
            await socket.ReceiveAsync(new byte[10].AsMemory(), Cancellation);
            context.Abort();
        });
        await using var gateway = await TestGateway.StartAsync(TestConfiguration.ForService(service.Address));
        using var socket = await gateway.ConnectWebSocketAsync("/ws/video", Version.Parse(version), Cancellation);

        await socket.SendAsync(new byte[1], WebSocketMessageType.Binary, true, Cancellation);
        await Assert.ThrowsAnyAsync<WebSocketException>(async () => await socket.ReceiveAsync(new byte[10].AsMemory(), Cancellation));

        var record = await gateway.Log.WaitForAsync(l => l.Message.Contains("WebSocket closed", StringComparison.Ordinal), Cancellation);
        Assert.Equal("Service", record.Properties["ClosedBy"]?.ToString());
    }

    [Theory]
    [MemberData(nameof(Versions))]
    public async Task AServiceThatNeverAnswersTheHandshakeGives504(string version)
    {
        await using var service = await TestService.StartAsync(context => Task.Delay(Timeout.Infinite, context.RequestAborted));
        await using var gateway = await TestGateway.StartAsync(
            TestConfiguration.ForService(service.Address) with { Gateway = new GatewayOptions { RequestTimeout = TimeSpan.FromMilliseconds(300) } });

        await Assert.ThrowsAnyAsync<WebSocketException>(() => gateway.ConnectWebSocketAsync("/ws/video", Version.Parse(version), Cancellation));

        var record = await gateway.Log.WaitForAsync(l => l.Properties.ContainsKey("Bytes"), Cancellation);
        Assert.Equal(StatusCodes.Status504GatewayTimeout, record.Properties["StatusCode"]);
    }

    [Theory]
    [MemberData(nameof(Versions))]
    public async Task AServiceThatRefusesTheHandshakeIsHeard(string version)
    {
        await using var service = await TestService.StartAsync(context =>
        {
            context.Response.StatusCode = StatusCodes.Status403Forbidden;
            return Task.CompletedTask;
        });
        await using var gateway = await TestGateway.StartAsync(TestConfiguration.ForService(service.Address));
        using var socket = new ClientWebSocket();
        socket.Options.CollectHttpResponseDetails = true;
        socket.Options.HttpVersion = Version.Parse(version);
        socket.Options.HttpVersionPolicy = HttpVersionPolicy.RequestVersionExact;
        using var client = TestGateway.CreateClient();

        await Assert.ThrowsAnyAsync<WebSocketException>(() => socket.ConnectAsync(
            new Uri(gateway.At("/ws/video").ToString().Replace("https:", "wss:", StringComparison.Ordinal)), client, Cancellation));

        Assert.Equal(HttpStatusCode.Forbidden, socket.HttpStatusCode);
    }
}
