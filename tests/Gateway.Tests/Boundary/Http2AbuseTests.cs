using System.Net;
using Gateway.Tests.Hosting;

namespace Gateway.Tests.Boundary;

/// <summary>Frames that cost the sender nothing, sent by the thousand on one connection. The end-to-end suite does it for longer.</summary>
public sealed class Http2AbuseTests
{
    private const int Rounds = 3_000;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public static TheoryData<string> Attacks => [.. Http2Attacks.Names];

    [Theory]
    [MemberData(nameof(Attacks))]
    public async Task CostsTheServiceLittleAndHonestClientsNothing(string attack)
    {
        await using var witness = new Witness();
        await using var gateway = await TestGateway.StartAsync(TestConfiguration.ForService(witness.Address));
        await using var adversary = await Adversary.ConnectHttp2Async(gateway, Cancellation);
        var reading = ReadAllAsync(adversary);
        try
        {
            for (var round = 0; round < Rounds; round++)
            {
                await adversary.SendAsync(Http2Attacks.Round(attack, round, "/attack"), Cancellation);
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
