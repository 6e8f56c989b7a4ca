using System.Net;
using System.Net.WebSockets;
using Gateway.Configuration;
using Gateway.Tests.Hosting;
using Microsoft.AspNetCore.Http;
using Yarp.ReverseProxy;
using Yarp.ReverseProxy.Configuration;
using Yarp.ReverseProxy.Model;

namespace Gateway.Tests.Proxying;

/// <summary>A cluster with one destination goes past YARP's choice; what the cluster asks for besides stays.</summary>
public sealed class OnlyDestinationTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private static GatewayConfiguration Cluster(string address, Func<ClusterConfig, ClusterConfig> change)
    {
        var configuration = TestConfiguration.ForService(address);
        return configuration with { Clusters = [change(configuration.Clusters[0])] };
    }

    private static DestinationState DestinationOf(TestGateway gateway) =>
        gateway.Service<IProxyStateLookup>().GetClusters().Single().Destinations.Values.Single();

    [Fact]
    public async Task AnOpenCallIsCountedForTheDayWhenThereAreTwo()
    {
        await using var service = await TestService.StartAsync(async context =>
        {
            using var socket = await context.WebSockets.AcceptWebSocketAsync();
            await socket.ReceiveAsync(new byte[10].AsMemory(), CancellationToken.None);
        });
        await using var gateway = await TestGateway.StartAsync(TestConfiguration.ForService(service.Address));

        using var socket = await gateway.ConnectWebSocketAsync("/ws", HttpVersion.Version11, Cancellation);

        Assert.Equal(1, DestinationOf(gateway).ConcurrentRequestCount);
        await socket.SendAsync("end"u8.ToArray(), WebSocketMessageType.Text, true, Cancellation);
    }

    [Fact]
    public async Task ItsFailuresAreStillLearntFromWhereTheClusterAsksForThat()
    {
        await using var service = await TestService.StartAsync(static context =>
        {
            context.Abort();
            return Task.CompletedTask;
        });
        await using var gateway = await TestGateway.StartAsync(Cluster(service.Address, static cluster => cluster with
        {
            HealthCheck = new HealthCheckConfig { Passive = new PassiveHealthCheckConfig { Enabled = true, Policy = "TransportFailureRate", ReactivationPeriod = TimeSpan.FromHours(1) } },
            Metadata = new Dictionary<string, string> { ["TransportFailureRateHealthPolicy.RateLimit"] = "0.1" },
        }));

        for (var i = 0; i < 20 && DestinationOf(gateway).Health.Passive != DestinationHealth.Unhealthy; i++)
        {
            (await gateway.Client.GetAsync(gateway.At("/"), Cancellation)).Dispose();
        }

        Assert.Equal(DestinationHealth.Unhealthy, DestinationOf(gateway).Health.Passive);
    }

    [Fact]
    public async Task ItsClientsAreStillMarkedWhereTheClusterKeepsThemTogether()
    {
        await using var service = await TestService.StartAsync(static context => context.Response.WriteAsync("a"));
        await using var gateway = await TestGateway.StartAsync(Cluster(service.Address, static cluster => cluster with
        {
            SessionAffinity = new SessionAffinityConfig { Enabled = true, Policy = "HashCookie", AffinityKeyName = "at" },
        }));

        using var response = await gateway.Client.GetAsync(gateway.At("/"), Cancellation);

        Assert.StartsWith("at=", Assert.Single(response.Headers.GetValues("Set-Cookie")), StringComparison.Ordinal);
    }

    [Fact]
    public async Task TheRoutesOwnLimitForBodiesStillHolds()
    {
        await using var service = await TestService.StartAsync(static context => context.Request.Body.CopyToAsync(Stream.Null));
        var configuration = TestConfiguration.ForService(service.Address);
        await using var gateway = await TestGateway.StartAsync(configuration with { Routes = [configuration.Routes[0] with { MaxRequestBodySize = 1000 }] });

        using var small = await gateway.Client.PostAsync(gateway.At("/"), new ByteArrayContent(new byte[1000]), Cancellation);
        using var large = await gateway.Client.PostAsync(gateway.At("/"), new ByteArrayContent(new byte[1001]), Cancellation);

        Assert.Equal((HttpStatusCode.OK, HttpStatusCode.RequestEntityTooLarge), (small.StatusCode, large.StatusCode));
    }

    [Fact]
    public async Task OneThatIsDownGetsNothing()
    {
        var isReached = false;
        await using var service = await TestService.StartAsync(context =>
        {
            isReached |= context.Request.Path == "/page";
            context.Response.StatusCode = StatusCodes.Status503ServiceUnavailable;
            return Task.CompletedTask;
        });
        await using var gateway = await TestGateway.StartAsync(Cluster(service.Address, static cluster => cluster with
        {
            HealthCheck = new HealthCheckConfig
            {
                Active = new ActiveHealthCheckConfig { Enabled = true, Interval = TimeSpan.FromMilliseconds(100), Timeout = TimeSpan.FromSeconds(5), Path = "/health" },
                AvailableDestinationsPolicy = "HealthyAndUnknown",
            },
            Metadata = new Dictionary<string, string> { ["ConsecutiveFailuresHealthPolicy.Threshold"] = "1" },
        }));
        while (DestinationOf(gateway).Health.Active != DestinationHealth.Unhealthy)
        {
            await Task.Delay(20, Cancellation);
        }

        using var response = await gateway.Client.GetAsync(gateway.At("/page"), Cancellation);

        Assert.Equal(HttpStatusCode.ServiceUnavailable, response.StatusCode);
        Assert.False(isReached);
    }
}
