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
        using var before = Http2Client();
        Assert.Equal("the service", await before.GetStringAsync(gateway.At("/"), Token));

        // At once, so that a busy machine does not spread them over seconds.
        await Task.WhenAll(Enumerable.Range(0, 12).Select(_ => OffendAsync(gateway, Continuation, 200)));

        var begun = Stopwatch.GetTimestamp();
        using var next = Http2Client();
        var served = next.GetStringAsync(gateway.At("/"), Token);
        Assert.Equal("the service", await before.GetStringAsync(gateway.At("/"), Token));
        using var oneByOne = TestGateway.CreateClient();
        Assert.Equal("the service", await oneByOne.GetStringAsync(gateway.At("/"), Token));

        Assert.Equal("the service", await served);
        await gateway.Log.WaitForAsync(line => line.Message.StartsWith("HTTP/2 (waits before it comes back) was reached by 127.0.0.1", StringComparison.Ordinal), Token);
        Assert.InRange(Stopwatch.GetElapsedTime(begun).TotalSeconds, 0, 10);
    }

    [Theory]
    [InlineData(Http2Adversary.Ping, 8, "ControlFramesPerSecond")]
    [InlineData(Http2Adversary.Data, 20_000, "HTTP/2 (max_frame_length_exceeded)")]
    public async Task WhoeverEndsTheConnectionItsClientIsAnOffender(byte type, int length, string limit)
    {
        var frame = Http2Adversary.Frame(type, 0, 0, new byte[length]);
        await using var service = await TestService.StartAsync(context => context.Response.WriteAsync("the service"));
        await using var gateway = await TestGateway.StartAsync(TestConfiguration.ForService(service.Address));

        // One after the other, so that each meets what is known of the one before.
        for (var i = 0; i < 8; i++)
        {
            await OffendAsync(gateway, _ => frame, 10_000);
        }

        await gateway.Log.WaitForAsync(line => line.Message.Contains(limit, StringComparison.Ordinal), Token);
        await gateway.Log.WaitForAsync(line => line.Message.StartsWith("HTTP/2 (waits", StringComparison.Ordinal), Token);
    }

    [Fact]
    public async Task AProxyOfOursNeverWaits()
    {
        await using var service = await TestService.StartAsync(context => context.Response.WriteAsync("the service"));
        var configuration = TestConfiguration.ForService(service.Address) with { Gateway = new GatewayOptions { TrustedProxies = [IPNetwork.Parse("127.0.0.0/8")] } };
        await using var gateway = await TestGateway.StartAsync(configuration);

        for (var i = 0; i < 8; i++)
        {
            await OffendAsync(gateway, Continuation, 200);
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

    private static HttpClient Http2Client()
    {
        var client = TestGateway.CreateClient();
        (client.DefaultRequestVersion, client.DefaultVersionPolicy) = (HttpVersion.Version20, HttpVersionPolicy.RequestVersionExact);
        return client;
    }

    private static byte[] Continuation(int round) => Http2Attacks.Round("continuation", round, "/");

    // Until the gateway ends the connection.
    private static async Task OffendAsync(TestGateway gateway, Func<int, byte[]> sent, int rounds)
    {
        await using var adversary = await Adversary.ConnectHttp2Async(gateway, Token);
        var reading = ReadAsync(adversary);
        try
        {
            for (var round = 0; round < rounds; round++)
            {
                await adversary.SendAsync(sent(round), Token);
            }
        }
        catch (IOException)
        {
            // Thrown out.
        }

        await reading;
    }

    private static async Task ReadAsync(Http2Adversary adversary)
    {
        try
        {
            while (true)
            {
                await adversary.ReadAsync(Token);
            }
        }
        catch (IOException)
        {
        }
    }
}
