using System.Buffers;
using System.Buffers.Binary;
using System.Net;
using Gateway.Boundary.Limits;
using Gateway.Configuration;
using Gateway.Tests.Hosting;
using Microsoft.AspNetCore.Http;

namespace Gateway.Tests.Boundary.Limits;

public sealed class ControlFramesTests
{
    private const int Answer = 1_000_000;
    private const string Hit = "Gateway:Limits:ControlFramesPerSecond was reached by 127.0.0.1";

    private static readonly byte[] Preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"u8.ToArray();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public static TheoryData<string, byte[], int> Frames => new()
    {
        { "SETTINGS", Http2Adversary.Frame(Http2Adversary.Settings, 0, 0, new byte[6]), 1 },
        { "PING", Http2Adversary.Frame(Http2Adversary.Ping, 0, 0, new byte[8]), 1 },
        { "WINDOW_UPDATE", Http2Adversary.Frame(Http2Adversary.WindowUpdate, 0, 1, new byte[4]), 1 },
        { "PRIORITY", Http2Adversary.Frame(Http2Adversary.Priority, 0, 1, new byte[5]), 1 },
        { "RST_STREAM", Http2Adversary.Frame(Http2Adversary.Reset, 0, 1, new byte[4]), 1 },
        { "HEADERS", Http2Adversary.Frame(Http2Adversary.Headers, Http2Adversary.EndHeaders, 1, new byte[300]), 1 },
        { "CONTINUATION", Http2Adversary.Frame(Http2Adversary.Continuation, 0, 1, new byte[1000]), 1 },
        { "DATA", Http2Adversary.Frame(Http2Adversary.Data, 0, 1, new byte[1000]), 0 },
        { "DATA without data", Http2Adversary.Frame(Http2Adversary.Data, 0, 1, []), 1 },
        { "the end of DATA", Http2Adversary.Frame(Http2Adversary.Data, Http2Adversary.EndStream, 1, []), 0 },
        { "an unknown one", Http2Adversary.Frame(0xbe, 0, 0, new byte[10]), 1 },
        { "a large unknown one", Http2Adversary.Frame(0xbe, 0, 0, new byte[16_000]), 63 },
    };

    [Theory]
    [MemberData(nameof(Frames))]
    public void CountsWhatIsNotData(string name, byte[] frame, int expected)
    {
        byte[] sent = [.. Preface, .. frame, .. frame];

        Assert.Equal((name, 2 * expected), (name, Count(sent, sent.Length)));
        Assert.Equal((name, 2 * expected), (name, Count(sent, 1)));
        Assert.Equal((name, 2 * expected), (name, Count(sent, 7)));
    }

    [Theory]
    [InlineData("settings")]
    [InlineData("ping")]
    [InlineData("priority")]
    [InlineData("unknown frames")]
    [InlineData("empty continuation")]
    [InlineData("empty data")]
    [InlineData("windows of a byte")]
    public async Task AFloodEndsItsConnectionAndNoOther(string attack)
    {
        await using var service = await TestService.StartAsync(context => context.Response.WriteAsync("the service"));
        await using var gateway = await TestGateway.StartAsync(With(service.Address, new LimitOptions()));
        using var client = TestGateway.CreateClient();
        Assert.Equal("the service", await client.GetStringAsync(gateway.At("/"), Token));

        await using var adversary = await Adversary.ConnectHttp2Async(gateway, Token);
        var ended = EndAsync(adversary);
        await Record.ExceptionAsync(async () =>
        {
            for (var round = 0; !ended.IsCompleted; round++)
            {
                await adversary.SendAsync(Http2Attacks.Round(attack, round, "/"), Token);
            }
        });

        await ended.WaitAsync(Token);
        await gateway.Log.WaitForAsync(line => line.Message.StartsWith(Hit, StringComparison.Ordinal), Token);
        Assert.Equal("the service", await client.GetStringAsync(gateway.At("/"), Token));
    }

    [Fact]
    public async Task WhoTakesAnswersMayOpenHisWindowsInSmallSteps()
    {
        await using var service = await TestService.StartAsync(context => context.Response.Body.WriteAsync(new byte[Answer], context.RequestAborted).AsTask());
        await using var gateway = await TestGateway.StartAsync(With(service.Address, new LimitOptions { ControlFramesPerSecond = 10 }));
        await using var client = await Adversary.ConnectHttp2Async(gateway, Token);
        await client.SendAsync(Http2Adversary.Frame(Http2Adversary.Headers, Http2Adversary.EndHeaders | Http2Adversary.EndStream, 1, Http2Adversary.Request("GET", "/")), Token);

        var taken = 0;
        while (taken < Answer)
        {
            var (type, _, _, payload) = await client.ReadAsync(Token);
            if (type == Http2Adversary.Data)
            {
                taken += payload.Length;
                await client.SendAsync([.. Steps(payload.Length, 1000)], Token);
            }
        }

        Assert.DoesNotContain(gateway.Log.All, line => line.Message.StartsWith(Hit, StringComparison.Ordinal));
    }

    [Fact]
    public async Task RequestsThatAreServedAreNoControlFrames()
    {
        await using var service = await TestService.StartAsync(context => context.Response.WriteAsync("the service"));
        await using var gateway = await TestGateway.StartAsync(With(service.Address, new LimitOptions { ControlFramesPerSecond = 10 }));
        using var client = TestGateway.CreateClient();
        (client.DefaultRequestVersion, client.DefaultVersionPolicy) = (HttpVersion.Version20, HttpVersionPolicy.RequestVersionExact);

        for (var i = 0; i < 500; i++)
        {
            Assert.Equal("the service", await client.GetStringAsync(gateway.At("/"), Token));
        }

        Assert.DoesNotContain(gateway.Log.All, line => line.Message.StartsWith(Hit, StringComparison.Ordinal));
    }

    [Fact]
    public async Task AProxyOfOursMaySendWhatItLikes()
    {
        await using var service = await TestService.StartAsync(context => context.Response.WriteAsync("the service"));
        var configuration = TestConfiguration.ForService(service.Address) with
        {
            Gateway = new GatewayOptions { TrustedProxies = [IPNetwork.Parse("127.0.0.0/8")], Limits = new LimitOptions { ControlFramesPerSecond = 10 } },
        };
        await using var gateway = await TestGateway.StartAsync(configuration);
        await using var proxy = await Adversary.ConnectHttp2Async(gateway, Token);

        for (var round = 0; round < 100; round++)
        {
            await proxy.SendAsync(Http2Attacks.Round("ping", round, "/"), Token);
        }

        await proxy.SendAsync(Http2Adversary.Frame(Http2Adversary.Headers, Http2Adversary.EndHeaders | Http2Adversary.EndStream, 1, Http2Adversary.Request("GET", "/")), Token);
        Assert.Equal("200", await proxy.OutcomeAsync(1, Token));
    }

    private static GatewayConfiguration With(string service, LimitOptions limits) =>
        TestConfiguration.ForService(service) with { Gateway = new GatewayOptions { Limits = limits } };

    private static int Count(byte[] sent, int piece)
    {
        var counter = new ControlFrameCounter();
        return sent.Chunk(piece).Sum(bytes => counter.Count(new ReadOnlySequence<byte>(bytes)));
    }

    // For the connection and for the stream.
    private static IEnumerable<byte> Steps(int bytes, int step)
    {
        for (; bytes > 0; bytes -= step)
        {
            var increment = new byte[4];
            BinaryPrimitives.WriteInt32BigEndian(increment, Math.Min(bytes, step));
            foreach (var octet in Http2Adversary.Frame(Http2Adversary.WindowUpdate, 0, 0, increment).Concat(Http2Adversary.Frame(Http2Adversary.WindowUpdate, 0, 1, increment)))
            {
                yield return octet;
            }
        }
    }

    private static async Task EndAsync(Http2Adversary adversary)
    {
        try
        {
            while (true)
            {
                await adversary.ReadAsync(Token);
            }
        }
        catch (Exception exception) when (exception is IOException or ObjectDisposedException)
        {
        }
    }
}
