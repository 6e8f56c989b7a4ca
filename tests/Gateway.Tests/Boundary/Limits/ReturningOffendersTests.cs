using System.Diagnostics;
using System.Net;
using Gateway.Configuration;
using Gateway.Tests.Hosting;
using Microsoft.AspNetCore.Http;

namespace Gateway.Tests.Boundary.Limits;

public sealed class ReturningOffendersTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task WhoIsThrownOutAgainAndAgainWaitsAndOthersDoNot()
    {
        await using var service = await TestService.StartAsync(context => context.Response.WriteAsync("the service"));
        await using var gateway = await TestGateway.StartAsync(TestConfiguration.ForService(service.Address));
        using var before = TestGateway.CreateClient();
        Assert.Equal("the service", await before.GetStringAsync(gateway.At("/"), Token));

        // At once, so that a busy machine does not spread them over seconds.
        await Task.WhenAll(Enumerable.Range(0, 12).Select(_ => OffendAsync(gateway)));

        var begun = Stopwatch.GetTimestamp();
        using var next = TestGateway.CreateClient();
        var served = next.GetStringAsync(gateway.At("/"), Token);
        Assert.Equal("the service", await before.GetStringAsync(gateway.At("/"), Token));

        Assert.Equal("the service", await served);
        await gateway.Log.WaitForAsync(line => line.Message.StartsWith("HTTP/2 (waits before it comes back) was reached by 127.0.0.1", StringComparison.Ordinal), Token);
        Assert.InRange(Stopwatch.GetElapsedTime(begun).TotalSeconds, 0, 10);
    }

    [Fact]
    public async Task AProxyOfOursNeverWaits()
    {
        await using var service = await TestService.StartAsync(context => context.Response.WriteAsync("the service"));
        var configuration = TestConfiguration.ForService(service.Address) with { Gateway = new GatewayOptions { TrustedProxies = [IPNetwork.Parse("127.0.0.0/8")] } };
        await using var gateway = await TestGateway.StartAsync(configuration);

        for (var i = 0; i < 8; i++)
        {
            await OffendAsync(gateway);
        }

        Assert.DoesNotContain(gateway.Log.All, line => line.Message.StartsWith("HTTP/2 (waits", StringComparison.Ordinal));
    }

    [Fact]
    public async Task WhoOnlyConnectsAndLeavesIsNoOffender()
    {
        await using var service = await TestService.StartAsync(context => context.Response.WriteAsync("the service"));
        await using var gateway = await TestGateway.StartAsync(TestConfiguration.ForService(service.Address));

        for (var i = 0; i < 8; i++)
        {
            await using var connection = await Adversary.ConnectHttp2Async(gateway, Token);
        }

        Assert.DoesNotContain(gateway.Log.All, line => line.Message.StartsWith("HTTP/2 (waits", StringComparison.Ordinal));
    }

    // CONTINUATION without end, until the gateway ends the connection.
    private static async Task OffendAsync(TestGateway gateway)
    {
        await using var adversary = await Adversary.ConnectHttp2Async(gateway, Token);
        try
        {
            for (var round = 0; round < 200; round++)
            {
                await adversary.SendAsync(Http2Attacks.Round("continuation", round, "/"), Token);
            }

            while (true)
            {
                await adversary.ReadAsync(Token);
            }
        }
        catch (IOException)
        {
            // Thrown out.
        }
    }
}
