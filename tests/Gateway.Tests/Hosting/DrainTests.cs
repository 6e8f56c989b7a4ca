using System.Collections.Concurrent;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Net.WebSockets;
using Gateway.Configuration;
using Gateway.Hosting;
using Microsoft.AspNetCore.Http;

namespace Gateway.Tests.Hosting;

public sealed class DrainTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private static GatewayConfiguration Configuration(TestService service, TimeSpan drain) =>
        TestConfiguration.ForService(service.Address) with { Gateway = new GatewayOptions { DrainTimeout = drain } };

    private static async Task<(WebSocketCloseStatus?, string?)> ReceiveCloseAsync(WebSocket socket)
    {
        var buffer = new byte[64 * 1024];
        while (socket.State == WebSocketState.Open && (await socket.ReceiveAsync(buffer.AsMemory(), Cancellation)).MessageType != WebSocketMessageType.Close)
        {
        }

        return (socket.CloseStatus, socket.CloseStatusDescription);
    }

    [Theory]
    [InlineData("1.1")]
    [InlineData("2.0")]
    public async Task BothSidesOfACallThatIsStillOpenSee1012(string version)
    {
        var atService = new ConcurrentBag<(WebSocketCloseStatus?, string?)>();
        var served = new CountdownEvent(3);
        await using var service = await TestService.StartAsync(async context =>
        {
            using var socket = await context.WebSockets.AcceptWebSocketAsync();
            atService.Add(await ReceiveCloseAsync(socket));
            await socket.CloseAsync(socket.CloseStatus!.Value, null, Cancellation);
            served.Signal();
        });
        await using var gateway = await TestGateway.StartAsync(Configuration(service, TimeSpan.Zero), HostMode.Run);
        var sockets = new List<ClientWebSocket>();
        for (var i = 0; i < 3; i++)
        {
            sockets.Add(await gateway.ConnectWebSocketAsync("/ws/video", Version.Parse(version), Cancellation));
        }

        var stopping = gateway.StopAsync();
        var atClient = await Task.WhenAll(sockets.Select(async socket =>
        {
            var close = await ReceiveCloseAsync(socket);
            await socket.CloseAsync(WebSocketCloseStatus.NormalClosure, null, Cancellation);
            return close;
        }));
        await stopping;

        Assert.True(served.Wait(TimeSpan.FromSeconds(10), Cancellation));
        (WebSocketCloseStatus?, string?) expected = ((WebSocketCloseStatus)1012, "service restart");
        Assert.All(atClient, close => Assert.Equal(expected, close));
        Assert.All(atService, close => Assert.Equal(expected, close));
        Assert.Equal(3, gateway.Log.All.Count(l => l.Properties.GetValueOrDefault("ClosedBy")?.ToString() == "Gateway" && Equals(l.Properties["CloseCode"], 1012)));
        Assert.Contains(gateway.Log.All, l => l.Message == "Stopped: 0 WebSockets ended by themselves, 3 were closed with 1012, 0 were cut");
    }

    [Theory]
    [InlineData("1.1")]
    [InlineData("2.0")]
    public async Task NoMessageIsCutInTwoByTheClose(string version)
    {
        // Both sides send without a pause: at the close each must have received whole messages only.
        var wholeAtService = true;
        var served = new TaskCompletionSource();
        static async Task<bool> ReceiveWholeMessagesAsync(WebSocket socket)
        {
            var buffer = new byte[64 * 1024];
            var size = 0;
            while (true)
            {
                var received = await socket.ReceiveAsync(buffer.AsMemory(), Cancellation);
                if (received.MessageType == WebSocketMessageType.Close)
                {
                    return size == 0;
                }

                size = received.EndOfMessage ? 0 : size + received.Count;
            }
        }

        static async Task SendWithoutPauseAsync(WebSocket socket)
        {
            try
            {
                while (socket.State == WebSocketState.Open)
                {
                    await socket.SendAsync(new byte[30_000], WebSocketMessageType.Binary, true, Cancellation);
                }
            }
            catch (Exception exception) when (exception is WebSocketException or InvalidOperationException or IOException or OperationCanceledException)
            {
                // Closed in the middle of sending, which is the point.
            }
        }

        await using var service = await TestService.StartAsync(async context =>
        {
            using var socket = await context.WebSockets.AcceptWebSocketAsync();
            var sending = SendWithoutPauseAsync(socket);
            wholeAtService = await ReceiveWholeMessagesAsync(socket);
            served.SetResult();
            await sending;
        });
        await using var gateway = await TestGateway.StartAsync(Configuration(service, TimeSpan.FromMilliseconds(200)), HostMode.Run);
        using var client = await gateway.ConnectWebSocketAsync("/ws/video", Version.Parse(version), Cancellation);
        var clientSends = SendWithoutPauseAsync(client);
        var clientReceives = ReceiveWholeMessagesAsync(client);

        var stopping = gateway.StopAsync();

        Assert.True(await clientReceives);
        Assert.Equal(1012, (int?)client.CloseStatus);
        await served.Task.WaitAsync(TimeSpan.FromSeconds(10), Cancellation);
        Assert.True(wholeAtService);
        await stopping;
        client.Abort();
        await clientSends;
    }

    [Fact]
    public async Task ACallThatEndsInTimeIsNotDisturbed()
    {
        await using var service = await TestService.StartAsync(async context =>
        {
            using var socket = await context.WebSockets.AcceptWebSocketAsync();
            await ReceiveCloseAsync(socket);
            await socket.CloseAsync(WebSocketCloseStatus.NormalClosure, null, Cancellation);
        });
        await using var gateway = await TestGateway.StartAsync(Configuration(service, TimeSpan.FromSeconds(60)), HostMode.Run);
        using var socket = await gateway.ConnectWebSocketAsync("/ws/video", HttpVersion.Version11, Cancellation);

        var stopping = gateway.StopAsync();
        await gateway.Log.WaitForAsync(l => l.Message.Contains("may go on for 00:01:00", StringComparison.Ordinal), Cancellation);
        await socket.SendAsync(new byte[1], WebSocketMessageType.Binary, true, Cancellation);
        await socket.CloseAsync(WebSocketCloseStatus.NormalClosure, "bye", Cancellation);
        await stopping.WaitAsync(TimeSpan.FromSeconds(10), Cancellation);

        Assert.Equal(WebSocketCloseStatus.NormalClosure, socket.CloseStatus);
        Assert.Contains(gateway.Log.All, l => l.Message == "Stopped: 1 WebSockets ended by themselves, 0 were closed with 1012, 0 were cut");
    }

    [Fact]
    public async Task AServiceThatIgnoresTheCloseDoesNotHoldTheGateway()
    {
        await using var service = await TestService.StartAsync(async context =>
        {
            using var socket = await context.WebSockets.AcceptWebSocketAsync();
            await Task.Delay(Timeout.Infinite, context.RequestAborted);
        });
        await using var gateway = await TestGateway.StartAsync(Configuration(service, TimeSpan.Zero), HostMode.Run);
        using var socket = await gateway.ConnectWebSocketAsync("/ws/video", HttpVersion.Version11, Cancellation);

        var stopping = gateway.StopAsync();

        Assert.Equal(((WebSocketCloseStatus)1012, "service restart"), await ReceiveCloseAsync(socket));
        await stopping.WaitAsync(TimeSpan.FromSeconds(20), Cancellation);
    }

    [Fact]
    public async Task RunningRequestsFinishAndNewConnectionsAreRefused()
    {
        var asked = new TaskCompletionSource();
        var finish = new TaskCompletionSource();
        await using var service = await TestService.StartAsync(async context =>
        {
            asked.SetResult();
            await finish.Task;
            await context.Response.WriteAsync("done", Cancellation);
        });
        await using var gateway = await TestGateway.StartAsync(Configuration(service, TimeSpan.FromSeconds(60)), HostMode.Run);
        var address = gateway.At("/");
        var running = gateway.Client.GetAsync(address, Cancellation);
        await asked.Task;

        var stopping = gateway.StopAsync();
        await WaitUntilRefusedAsync(address);
        finish.SetResult();

        using var response = await running;
        Assert.Equal("done", await response.Content.ReadAsStringAsync(Cancellation));
        Assert.True(response.Headers.ConnectionClose);
        await stopping.WaitAsync(TimeSpan.FromSeconds(10), Cancellation);
    }

    [Fact]
    public async Task AConnectionThatIsNewBringsItsFirstRequest()
    {
        await using var service = await TestService.StartAsync(context => context.Response.WriteAsync("done", Cancellation));
        await using var gateway = await TestGateway.StartAsync(Configuration(service, TimeSpan.FromSeconds(60)), HostMode.Run);
        var address = gateway.At("/");
        using var tcp = new TcpClient(address.Host, address.Port);
        await using var tls = new SslStream(tcp.GetStream());
        await tls.AuthenticateAsClientAsync(new SslClientAuthenticationOptions { RemoteCertificateValidationCallback = TestGateway.IsTestCertificate }, Cancellation);

        var stopping = gateway.StopAsync();
        await WaitUntilRefusedAsync(address);
        await tls.WriteAsync("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"u8.ToArray(), Cancellation);

        using var reader = new StreamReader(tls);
        var answer = await reader.ReadToEndAsync(Cancellation);
        Assert.StartsWith("HTTP/1.1 200 OK\r\n", answer, StringComparison.Ordinal);
        Assert.Contains("\r\nConnection: close\r\n", answer, StringComparison.Ordinal);
        await stopping.WaitAsync(TimeSpan.FromSeconds(10), Cancellation);
    }

    [Fact]
    public async Task AConnectionThatBringsNoRequestDoesNotHoldTheGateway()
    {
        await using var service = await TestService.StartAsync(_ => Task.CompletedTask);
        var configuration = Configuration(service, TimeSpan.FromMinutes(10));
        // Nothing but the stop can end it in the test's time.
        configuration = configuration with { Gateway = configuration.Gateway with { Limits = new LimitOptions { HandshakeTimeout = TimeSpan.FromMinutes(10) } } };
        await using var gateway = await TestGateway.StartAsync(configuration, HostMode.Run);
        using var tcp = new TcpClient(gateway.At("/").Host, gateway.At("/").Port);
        // The listener accepts in order: the first one is in as well.
        Assert.Equal(HttpStatusCode.OK, (await gateway.Client.GetAsync(gateway.At("/"), Cancellation)).StatusCode);

        await gateway.StopAsync().WaitAsync(TimeSpan.FromSeconds(60), Cancellation);

        // With or without a reset: nobody has asked anything.
        try
        {
            Assert.Equal(0, await tcp.GetStream().ReadAsync(new byte[1], Cancellation));
        }
        catch (IOException)
        {
        }
    }

    private static async Task WaitUntilRefusedAsync(Uri address)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(10));
        while (true)
        {
            try
            {
                using var tcp = new System.Net.Sockets.TcpClient();
                await tcp.ConnectAsync(address.Host, address.Port, limit.Token);
            }
            catch (System.Net.Sockets.SocketException)
            {
                return;
            }
        }
    }
}
