using System.Buffers.Binary;
using System.Net;
using Gateway.Tests.Hosting;

namespace Gateway.Tests.Boundary;

/// <summary>Frames that cost the sender nothing, sent by the thousand on one connection. The end-to-end suite does it for longer.</summary>
public sealed class Http2AbuseTests
{
    private const int Rounds = 3_000;
    private const byte RequestFlags = Http2Adversary.EndHeaders | Http2Adversary.EndStream;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private static byte[] Number(int value)
    {
        var bytes = new byte[4];
        BinaryPrimitives.WriteInt32BigEndian(bytes, value);
        return bytes;
    }

    private static byte[] Open(int stream) => Http2Adversary.Frame(Http2Adversary.Headers, RequestFlags, stream, Http2Adversary.Request("GET", "/attack"));

    /// <summary>What is sent in each round; streams are odd numbers (RFC 9113 section 5.1.1).</summary>
    private static byte[] Round(string attack, int round)
    {
        var stream = (2 * round) + 1;
        return attack switch
        {
            "rapid reset" => [.. Open(stream), .. Http2Adversary.Frame(Http2Adversary.Reset, 0, stream, Number(8))],
            "made you reset by a window" => [.. Open(stream), .. Http2Adversary.Frame(Http2Adversary.WindowUpdate, 0, stream, Number(0))],
            "made you reset by an overflow" => [.. Open(stream), .. Http2Adversary.Frame(Http2Adversary.WindowUpdate, 0, stream, Number(int.MaxValue))],
            "made you reset by data" => [.. Open(stream), .. Http2Adversary.Frame(Http2Adversary.Data, 0, stream, [0])],
            "made you reset by a dependency" => [.. Open(stream), .. Http2Adversary.Frame(Http2Adversary.Priority, 0, stream, [.. Number(stream), 0])],
            "continuation" => Http2Adversary.Frame(round == 0 ? Http2Adversary.Headers : Http2Adversary.Continuation, 0, 1, Http2Adversary.Fields(("x", new string('a', 1000)))),
            "empty continuation" => Http2Adversary.Frame(round == 0 ? Http2Adversary.Headers : Http2Adversary.Continuation, 0, 1, []),
            "settings" => Http2Adversary.Frame(Http2Adversary.Settings, 0, 0, [0, 4, .. Number(round + 1)]),
            "ping" => Http2Adversary.Frame(Http2Adversary.Ping, 0, 0, new byte[8]),
            "empty data" => round == 0
                ? Http2Adversary.Frame(Http2Adversary.Headers, Http2Adversary.EndHeaders, 1, Http2Adversary.Request("POST", "/attack"))
                : Http2Adversary.Frame(Http2Adversary.Data, 0, 1, []),
            "window games" => Http2Adversary.Frame(Http2Adversary.Settings, 0, 0, [0, 4, .. Number(round % 2 == 0 ? 0 : int.MaxValue)]),
            _ => throw new ArgumentOutOfRangeException(nameof(attack)),
        };
    }

    [Theory]
    [InlineData("rapid reset")]
    [InlineData("made you reset by a window")]
    [InlineData("made you reset by an overflow")]
    [InlineData("made you reset by data")]
    [InlineData("made you reset by a dependency")]
    [InlineData("continuation")]
    [InlineData("empty continuation")]
    [InlineData("settings")]
    [InlineData("ping")]
    [InlineData("empty data")]
    [InlineData("window games")]
    public async Task CostsTheServiceLittleAndHonestClientsNothing(string attack)
    {
        await using var witness = new Witness();
        await using var gateway = await TestGateway.StartAsync(TestConfiguration.ForService(witness.Address));
        await using var adversary = await Http2Adversary.ConnectAsync(gateway, Cancellation);
        var reading = ReadAllAsync(adversary);
        try
        {
            for (var round = 0; round < Rounds; round++)
            {
                await adversary.SendAsync(Round(attack, round), Cancellation);
            }
        }
        catch (IOException)
        {
            // Thrown out.
        }

        using var answer = await gateway.Client.GetAsync(gateway.At("/honest"), Cancellation);

        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Assert.Contains(witness.Requests, request => request.Target == "/honest");
        Assert.InRange(witness.Requests.Count(request => request.Target == "/attack"), 0, 200);
        await adversary.DisposeAsync();
        await reading;
    }

    // Who does not read is thrown out for that alone.
    private static async Task ReadAllAsync(Http2Adversary adversary)
    {
        try
        {
            while (true)
            {
                await adversary.ReadAsync(Cancellation);
            }
        }
        catch (Exception exception) when (exception is IOException or ObjectDisposedException)
        {
        }
    }
}
