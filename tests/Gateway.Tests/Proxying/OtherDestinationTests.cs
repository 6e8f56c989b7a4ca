using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Net.WebSockets;
using System.Text;
using Gateway.Configuration;
using Gateway.Tests.Hosting;
using Microsoft.AspNetCore.Http;
using Yarp.ReverseProxy.Configuration;

namespace Gateway.Tests.Proxying;

/// <summary>A cluster with several destinations, of which one fails.</summary>
public sealed class OtherDestinationTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private static GatewayConfiguration Cluster(string first, string second, Func<ClusterConfig, ClusterConfig>? change = null)
    {
        var configuration = TestConfiguration.ForService(first);
        var cluster = configuration.Clusters[0] with
        {
            LoadBalancingPolicy = "FirstAlphabetical",
            Destinations = new Dictionary<string, DestinationConfig> { ["a"] = new() { Address = first }, ["b"] = new() { Address = second } },
        };
        return configuration with { Clusters = [change?.Invoke(cluster) ?? cluster] };
    }

    private static string Nobody()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return $"http://{listener.LocalEndpoint}";
    }

    [Theory]
    [InlineData("GET", 200)]
    [InlineData("HEAD", 200)]
    [InlineData("OPTIONS", 200)]
    [InlineData("POST", 502)]
    [InlineData("DELETE", 502)]
    public async Task OnlyASafeRequestGoesToTheOtherDestination(string method, int status)
    {
        await using var service = await TestService.StartAsync(context => context.Response.WriteAsync("b"));
        await using var gateway = await TestGateway.StartAsync(Cluster(Nobody(), service.Address));

        using var request = new HttpRequestMessage(new HttpMethod(method), gateway.At("/"));
        using var response = await gateway.Client.SendAsync(request, Cancellation);

        Assert.Equal(status, (int)response.StatusCode);
    }

    [Theory]
    [InlineData("")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n")]
    public async Task ADestinationThatBreaksOffBeforeTheClientHasSeenAnythingIsReplaced(string answer)
    {
        await using var broken = new RawService(async (socket, cancellation) =>
        {
            await RawService.ReadHeadersAsync(socket, cancellation);
            await socket.SendAsync(Encoding.ASCII.GetBytes(answer), cancellation);
        });
        await using var service = await TestService.StartAsync(context => context.Response.WriteAsync("b"));
        await using var gateway = await TestGateway.StartAsync(Cluster(broken.Address, service.Address));

        Assert.Equal("b", await gateway.Client.GetStringAsync(gateway.At("/"), Cancellation));
        Assert.Contains(gateway.Log.All, l => l.Message.Contains("goes to another destination", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("1.1")]
    [InlineData("2.0")]
    public async Task ACallIsOpenedAtTheOtherDestination(string version)
    {
        await using var service = await TestService.StartAsync(async context =>
        {
            using var socket = await context.WebSockets.AcceptWebSocketAsync();
            await socket.SendAsync("b"u8.ToArray(), WebSocketMessageType.Text, true, Cancellation);
            await socket.CloseAsync(WebSocketCloseStatus.NormalClosure, null, Cancellation);
        });
        await using var gateway = await TestGateway.StartAsync(Cluster(Nobody(), service.Address));

        using var socket = await gateway.ConnectWebSocketAsync("/ws", Version.Parse(version), Cancellation);
        var received = await socket.ReceiveAsync(new byte[10].AsMemory(), Cancellation);

        Assert.Equal(1, received.Count);
        await socket.ReceiveAsync(new byte[10].AsMemory(), Cancellation);
        await socket.CloseAsync(WebSocketCloseStatus.NormalClosure, null, Cancellation);
        var closed = await gateway.Log.WaitForAsync(l => l.Message.Contains("WebSocket closed", StringComparison.Ordinal), Cancellation);
        Assert.Equal("Service", closed.Properties["ClosedBy"]?.ToString());
    }

    [Fact]
    public async Task AfterTwoAttemptsAtTheFirstTheOtherIsAskedOverANewConnection()
    {
        // Both end a connection at its second request. Whoever is asked first for that one has then failed, for new connections too.
        string? failed = null;
        RawService Service(string name) => new(async (socket, cancellation) =>
        {
            await RawService.ReadHeadersAsync(socket, cancellation);
            if (failed != name)
            {
                await socket.SendAsync(Encoding.ASCII.GetBytes($"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n{name}"), cancellation);
                await RawService.ReadHeadersAsync(socket, cancellation);
                failed ??= name;
            }
        });
        await using var first = Service("a");
        await using var second = Service("b");
        await using var gateway = await TestGateway.StartAsync(Cluster(first.Address, second.Address, static cluster => cluster with { LoadBalancingPolicy = "RoundRobin" }));
        string[] answers = [await gateway.Client.GetStringAsync(gateway.At("/"), Cancellation), await gateway.Client.GetStringAsync(gateway.At("/"), Cancellation)];

        var third = await gateway.Client.GetStringAsync(gateway.At("/"), Cancellation);

        Assert.Equal(["a", "b"], answers.Order());
        Assert.Equal(failed == "a" ? "b" : "a", third);
    }

    [Fact]
    public async Task TwoDestinationsThatFailAreTriedOnceEach()
    {
        var asked = new ConcurrentQueue<string>();
        RawService Broken(string name) => new(async (socket, cancellation) =>
        {
            await RawService.ReadHeadersAsync(socket, cancellation);
            asked.Enqueue(name);
        });
        await using var first = Broken("a");
        await using var second = Broken("b");
        await using var gateway = await TestGateway.StartAsync(Cluster(first.Address, second.Address));

        using var response = await gateway.Client.GetAsync(gateway.At("/"), Cancellation);

        Assert.Equal(HttpStatusCode.BadGateway, response.StatusCode);
        Assert.Equal(["a", "b"], asked);
    }

    [Fact]
    public async Task PassiveHealthChecksSeeTheFailureAndTheDestinationIsNotAskedAnyMore()
    {
        var attempts = 0;
        await using var broken = new RawService(async (socket, cancellation) =>
        {
            await RawService.ReadHeadersAsync(socket, cancellation);
            Interlocked.Increment(ref attempts);
        });
        await using var service = await TestService.StartAsync(context => context.Response.WriteAsync("b"));
        await using var gateway = await TestGateway.StartAsync(Cluster(broken.Address, service.Address, cluster => cluster with
        {
            HealthCheck = new HealthCheckConfig { Passive = new PassiveHealthCheckConfig { Enabled = true, Policy = "TransportFailureRate", ReactivationPeriod = TimeSpan.FromMinutes(5) } },
        }));

        for (var i = 0; i < 60; i++)
        {
            Assert.Equal("b", await gateway.Client.GetStringAsync(gateway.At("/"), Cancellation));
        }

        // YARP judges from the tenth on.
        Assert.InRange(attempts, 10, 20);
    }

    [Fact]
    public async Task ActiveHealthChecksOfTheConfigurationDecideWhoIsAsked()
    {
        var (isUp, asked) = (true, 0);
        await using var first = await TestService.StartAsync(context =>
        {
            if (context.Request.Path == "/health")
            {
                context.Response.StatusCode = Volatile.Read(ref isUp) ? 200 : 503;
                return Task.CompletedTask;
            }

            Interlocked.Increment(ref asked);
            return context.Response.WriteAsync("a");
        });
        await using var second = await TestService.StartAsync(context => context.Request.Path == "/health" ? Task.CompletedTask : context.Response.WriteAsync("b"));
        await using var gateway = await TestGateway.StartAsync(Cluster(first.Address, second.Address, cluster => cluster with
        {
            HealthCheck = new HealthCheckConfig
            {
                Active = new ActiveHealthCheckConfig
                {
                    Enabled = true,
                    Interval = TimeSpan.FromMilliseconds(100),
                    Timeout = TimeSpan.FromSeconds(5),
                    Path = "/health",
                    Policy = "ConsecutiveFailures",
                },
            },
        }));

        await AnsweredByAsync(gateway, "a");
        Volatile.Write(ref isUp, false);
        await AnsweredByAsync(gateway, "b");
        Volatile.Write(ref isUp, true);
        await AnsweredByAsync(gateway, "a");
    }

    private static async Task AnsweredByAsync(TestGateway gateway, string name)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        limit.CancelAfter(TimeSpan.FromSeconds(20));
        while (await gateway.Client.GetStringAsync(gateway.At("/"), limit.Token) != name)
        {
            await Task.Delay(20, limit.Token);
        }
    }
}
