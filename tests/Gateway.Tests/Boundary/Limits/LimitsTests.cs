using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Net.WebSockets;
using Gateway.Configuration;
using Gateway.Tests.Hosting;
using Microsoft.AspNetCore.Http;

namespace Gateway.Tests.Boundary.Limits;

public sealed class LimitsTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private static async Task<TcpClient> ConnectAsync(TestGateway gateway)
    {
        var tcp = new TcpClient();
        await tcp.ConnectAsync("127.0.0.1", new Uri(gateway.Address).Port, Token);
        return tcp;
    }

    private static GatewayConfiguration With(string service, LimitOptions limits) =>
        TestConfiguration.ForService(service) with { Gateway = new GatewayOptions { Limits = limits } };

    private static async Task<bool> IsClosedAsync(TcpClient connection)
    {
        try
        {
            return await connection.GetStream().ReadAsync(new byte[1], Token) == 0;
        }
        catch (IOException)
        {
            return true;
        }
    }

    private static async Task ServesAsync(TestGateway gateway)
    {
        using var client = TestGateway.CreateClient();
        Assert.Equal("the service", await client.GetStringAsync(gateway.At("/"), Token));
    }

    private static Task Answer(HttpContext context) => context.Response.WriteAsync("the service");

    [Theory]
    [InlineData(2, null, "MaxConnections")]
    [InlineData(100, 2, "MaxConnectionsPerAddress")]
    public async Task AConnectionTooManyIsClosedUntilAnotherOneGoes(int max, int? perAddress, string limit)
    {
        await using var service = await TestService.StartAsync(Answer);
        await using var gateway = await TestGateway.StartAsync(With(service.Address, new LimitOptions { MaxConnections = max, MaxConnectionsPerAddress = perAddress }));
        using var first = await ConnectAsync(gateway);
        using (var second = await ConnectAsync(gateway))
        {
            using var third = await ConnectAsync(gateway);
            Assert.True(await IsClosedAsync(third));
        }

        await gateway.Log.WaitForAsync(line => line.Message.StartsWith($"Gateway:Limits:{limit} was reached by 127.0.0.1", StringComparison.Ordinal), Token);
        while (true)
        {
            try
            {
                await ServesAsync(gateway);
                break;
            }
            catch (HttpRequestException)
            {
                // It has not noticed yet that the second one has gone.
                await Task.Delay(20, Token);
            }
        }
    }

    [Fact]
    public async Task SilentHandshakesPushOutThemselvesAndNobodyElse()
    {
        await using var service = await TestService.StartAsync(Answer);
        await using var gateway = await TestGateway.StartAsync(With(service.Address, new LimitOptions { MaxConcurrentHandshakes = 3 }));
        var silent = new List<TcpClient>();
        for (var i = 0; i < 6; i++)
        {
            silent.Add(await ConnectAsync(gateway));
            await ServesAsync(gateway);
        }

        Assert.True(await IsClosedAsync(silent[0]));
        Assert.True(await IsClosedAsync(silent[1]));
        silent.ForEach(connection => connection.Dispose());
        await gateway.Log.WaitForAsync(line => line.Message.Contains("MaxConcurrentHandshakes", StringComparison.Ordinal), Token);
    }

    [Fact]
    public async Task AHandshakeThatTakesTooLongIsClosed()
    {
        await using var gateway = await TestGateway.StartAsync(With("http://127.0.0.1:1", new LimitOptions { HandshakeTimeout = TimeSpan.FromMilliseconds(200) }));
        using var silent = await ConnectAsync(gateway);

        Assert.True(await IsClosedAsync(silent));
        await gateway.Log.WaitForAsync(line => line.Message.Contains("Gateway:Limits:HandshakeTimeout was reached", StringComparison.Ordinal), Token);
    }

    [Fact]
    public async Task AnAddressThatAsksTooOftenGets429AndAnotherOneDoesNot()
    {
        await using var service = await TestService.StartAsync(Answer);
        var configuration = With(service.Address, new LimitOptions { RequestsPerSecondPerAddress = 5 }) with
        {
            Gateway = new GatewayOptions { Limits = new LimitOptions { RequestsPerSecondPerAddress = 5 }, TrustedProxies = [IPNetwork.Parse("192.0.2.10/32")] },
        };
        await using var gateway = new GatewayFactory(configuration);
        using var client = gateway.CreateClient();

        var statuses = new List<HttpStatusCode>();
        HttpResponseMessage? refused = null;
        for (var i = 0; i < 30; i++)
        {
            var response = await AskAsync("203.0.113.1");
            statuses.Add(response.StatusCode);
            refused ??= response.StatusCode == HttpStatusCode.TooManyRequests ? response : null;
        }

        Assert.All(statuses.Take(10), status => Assert.Equal(HttpStatusCode.OK, status));
        Assert.NotNull(refused);
        Assert.Equal("1", refused.Headers.RetryAfter?.ToString());
        Assert.Equal(HttpStatusCode.OK, (await AskAsync("203.0.113.2")).StatusCode);

        while ((await AskAsync("203.0.113.1")).StatusCode != HttpStatusCode.OK)
        {
            await Task.Delay(50, Token);
        }

        Task<HttpResponseMessage> AskAsync(string address)
        {
            var request = new HttpRequestMessage(HttpMethod.Get, "/");
            request.Headers.Add("X-Forwarded-For", address);
            return client.SendAsync(request, Token);
        }
    }

    [Theory]
    [InlineData(1, null)]
    [InlineData(100, 1)]
    public async Task AWebSocketTooManyIsRefusedBeforeTheServiceHearsOfIt(int max, int? perAddress)
    {
        var upgrades = 0;
        await using var service = await TestService.StartAsync(async context =>
        {
            Interlocked.Increment(ref upgrades);
            using var socket = await context.WebSockets.AcceptWebSocketAsync();
            await socket.ReceiveAsync(new byte[1], context.RequestAborted);
            await socket.CloseAsync(WebSocketCloseStatus.NormalClosure, null, context.RequestAborted);
        });
        await using var gateway = await TestGateway.StartAsync(With(service.Address, new LimitOptions { MaxWebSockets = max, MaxWebSocketsPerAddress = perAddress }));

        using var first = await gateway.ConnectWebSocketAsync("/ws", HttpVersion.Version11, Token);
        var refused = await Assert.ThrowsAsync<WebSocketException>(() => gateway.ConnectWebSocketAsync("/ws", HttpVersion.Version11, Token));
        Assert.Contains("503", refused.Message, StringComparison.Ordinal);
        await Assert.ThrowsAsync<WebSocketException>(() => gateway.ConnectWebSocketAsync("/ws", HttpVersion.Version20, Token));
        Assert.Equal(1, upgrades);

        await first.CloseAsync(WebSocketCloseStatus.NormalClosure, null, Token);
        while (true)
        {
            try
            {
                using var next = await gateway.ConnectWebSocketAsync("/ws", HttpVersion.Version20, Token);
                break;
            }
            catch (WebSocketException)
            {
                await Task.Delay(20, Token);
            }
        }
    }

    [Fact]
    public async Task AnHttp2ConnectionThatAbortsRequestAfterRequestIsClosed()
    {
        var served = 0;
        await using var service = await TestService.StartAsync(context =>
        {
            Interlocked.Increment(ref served);
            return Task.Delay(Timeout.Infinite, context.RequestAborted);
        });
        await using var gateway = await TestGateway.StartAsync(With(service.Address, new LimitOptions { AbortedRequestsPerSecond = 2 }));
        var failures = 0;
        for (var i = 0; i < 200 && failures == 0; i++)
        {
            using var soon = new CancellationTokenSource();
            using var request = new HttpRequestMessage(HttpMethod.Get, gateway.At("/")) { Version = HttpVersion.Version20, VersionPolicy = HttpVersionPolicy.RequestVersionExact };
            var before = Volatile.Read(ref served);
            var asking = gateway.Client.SendAsync(request, soon.Token);
            while (Volatile.Read(ref served) == before && !asking.IsCompleted)
            {
                await Task.Delay(1, Token);
            }

            await soon.CancelAsync();
            failures += await Record.ExceptionAsync(() => asking) is HttpRequestException ? 1 : 0;
            await Task.Yield();
            if (gateway.Log.All.Any(line => line.Message.Contains("AbortedRequestsPerSecond", StringComparison.Ordinal)))
            {
                return;
            }
        }

        Assert.Fail($"Not closed after {served} requests.");
    }

    [Theory]
    [InlineData("GET /{0} HTTP/1.1\r\nHost: localhost\r\n\r\n", 9000, "414", "MaxRequestLineSize")]
    [InlineData("GET / HTTP/1.1\r\nHost: localhost\r\nX-A: {0}\r\n\r\n", 40000, "431", "MaxRequestHeadersSize")]
    public async Task WhatTheServerRefusesByItselfIsCountedToo(string request, int length, string status, string limit)
    {
        await using var gateway = await TestGateway.StartAsync(TestConfiguration.ForService("http://127.0.0.1:1"));
        var text = request.Replace("{0}", new string('a', length), StringComparison.Ordinal);

        var answer = await Adversary.SendAsync(gateway, text, Token);

        Assert.StartsWith("HTTP/1.1 " + status, answer.Text, StringComparison.Ordinal);
        await gateway.Log.WaitForAsync(line => line.Message.Contains($"Gateway:Limits:{limit} was reached by 127.0.0.1", StringComparison.Ordinal), Token);
    }

    [Theory]
    [InlineData("Content-Length: 2000\r\n\r\n")]
    [InlineData("Transfer-Encoding: chunked\r\n\r\n")]
    public async Task ABodyTooLargeIsCounted(string framing)
    {
        await using var service = await TestService.StartAsync(Answer);
        var configuration = TestConfiguration.ForService(service.Address) with { Gateway = new GatewayOptions { MaxRequestBodySize = 1000 } };
        await using var gateway = await TestGateway.StartAsync(configuration);
        var body = framing.StartsWith('C') ? new string('a', 2000) : "7d0\r\n" + new string('a', 2000) + "\r\n0\r\n\r\n";

        var answer = await Adversary.SendAsync(gateway, $"POST / HTTP/1.1\r\nHost: localhost\r\n{framing}{body}", Token);

        Assert.StartsWith("HTTP/1.1 413", answer.Text, StringComparison.Ordinal);
        await gateway.Log.WaitForAsync(line => line.Message.Contains("Gateway:Limits:MaxRequestBodySize was reached by 127.0.0.1", StringComparison.Ordinal), Token);
    }

    [Fact]
    public async Task AFloodThatKestrelEndsIsCounted()
    {
        await using var service = await TestService.StartAsync(Answer);
        await using var gateway = await TestGateway.StartAsync(TestConfiguration.ForService(service.Address));
        await using var adversary = await Adversary.ConnectHttp2Async(gateway, Token);
        // A DATA frame larger than the server takes (RFC 9113 section 4.2).
        await adversary.SendAsync(
            [
                .. Http2Adversary.Frame(Http2Adversary.Headers, Http2Adversary.EndHeaders, 1, Http2Adversary.Request("POST", "/")),
                .. Http2Adversary.Frame(Http2Adversary.Data, 0, 1, new byte[20_000]),
            ],
            Token);

        await gateway.Log.WaitForAsync(line => line.Message.StartsWith("HTTP/2 (max_frame_length_exceeded) was reached by a client", StringComparison.Ordinal), Token);
    }

    [Fact]
    public async Task HeadersThatTrickleInEndInTime()
    {
        await using var gateway = await TestGateway.StartAsync(With("http://127.0.0.1:1", new LimitOptions { RequestHeadersTimeout = TimeSpan.FromSeconds(1) }));
        using var tcp = await ConnectAsync(gateway);
        await using var tls = new SslStream(tcp.GetStream(), false, TestGateway.IsTestCertificate);
        await tls.AuthenticateAsClientAsync("localhost");
        await tls.WriteAsync("GET / HTTP/1.1\r\nHost: "u8.ToArray(), Token);
        using var reader = new StreamReader(tls);

        Assert.StartsWith("HTTP/1.1 408", await reader.ReadToEndAsync(Token), StringComparison.Ordinal);
        await gateway.Log.WaitForAsync(line => line.Message.Contains("RequestHeadersTimeout", StringComparison.Ordinal), Token);
    }
}
