using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Security;
using Gateway.EndToEnd.Harness;
using Gateway.EndToEnd.Proxying;
using Gateway.Tests.Boundary;
using Gateway.Tests.Hosting;
using Microsoft.AspNetCore.Http;

namespace Gateway.EndToEnd.Boundary;

/// <summary>
/// Frames that cost the sender nothing, as fast as they go, by an attacker who comes back whenever he is thrown out. A second each here;
/// GATEWAY_TESTS_HTTP2_ABUSE_SECONDS=30 for the whole.
/// </summary>
[Collection(Alone.Collection)]
public sealed class Http2AbuseTests
{
    private const int RoundsAtOnce = 20;
    private const int MostRequests = 200;
    // In a second a heap has not settled: its youngest generation alone takes tens of MB, by the size of the processor's cache.
    private static long MostMemory => Seconds < 30 ? 150_000_000 : 50_000_000;

    private static readonly TimeSpan HonestPause = TimeSpan.FromMilliseconds(5);
    private static readonly byte[] Large = new byte[100_000];

    private readonly ConcurrentDictionary<string, int> _reached = new();
    private int _connections;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private static int Seconds => TestSize.Of("GATEWAY_TESTS_HTTP2_ABUSE_SECONDS", 1);

    [Fact]
    public async Task CostsMemoryServicesAndHonestClientsLittle()
    {
        using var folder = new TestFolder();
        await using var service = await TestService.StartAsync(AnswerAsync);
        await using var gateway = await GatewayProcess.RunAsync(
            folder, new GatewayJson().Https().To(service.Address).Set("Serilog:MinimumLevel:Override:Gateway.Observability.AccessLog", "Warning"));
        using var client = gateway.CreateClient(HttpVersion.Version20);
        // The first ones load and compile code, which stays.
        foreach (var attack in Http2Attacks.Names)
        {
            await AttackAsync(gateway, client, attack, TimeSpan.FromSeconds(0.2));
        }

        var alone = await AskAsync(client, TimeSpan.FromSeconds(Math.Min(Seconds, 10)));
        Report($"alone: {alone.Count} honest requests, p99 {P99(alone):F1} ms");
        foreach (var attack in Http2Attacks.Names)
        {
            (_connections, var memory) = (0, ProcessMemory.Watch(gateway.Program.ProcessId));
            _reached.Clear();
            var served = await AttackAsync(gateway, client, attack, TimeSpan.FromSeconds(Seconds));
            var (growth, most) = (memory.PeakGrowth(), _reached.Values.DefaultIfEmpty().Max());
            Report($"{attack} for {Seconds} s: {_connections} connections, at most {most} requests of one at the service, +{growth / 1e6:F0} MB, {served.Count} honest requests, p99 {P99(served):F1} ms");

            Assert.NotEmpty(served);
            Assert.InRange(most, 0, MostRequests);
            Assert.InRange(growth, 0, MostMemory);
        }

        Assert.False(gateway.Program.HasExited);
    }

    /// <returns>What the honest requests took meanwhile, in milliseconds; none may fail.</returns>
    private async Task<List<double>> AttackAsync(GatewayProcess gateway, HttpClient client, string attack, TimeSpan duration)
    {
        using var over = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        over.CancelAfter(duration);
        var attacker = Task.Run(() => ComeBackAsync(gateway, attack, over.Token), Cancellation);
        var served = await AskAsync(client, duration);
        await attacker;
        return served;
    }

    private async Task ComeBackAsync(GatewayProcess gateway, string attack, CancellationToken over)
    {
        while (!over.IsCancellationRequested)
        {
            var connection = await Clients.ConnectTlsAsync(gateway.HttpsPort!.Value, protocol: SslApplicationProtocol.Http2);
            await using var adversary = await Http2Adversary.BeginAsync(connection, Cancellation);
            var path = $"/attack/{Interlocked.Increment(ref _connections)}";
            using var left = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
            var reading = ReadAsync(adversary, left.Token);
            try
            {
                for (var round = 0; !over.IsCancellationRequested; round += RoundsAtOnce)
                {
                    await adversary.SendAsync([.. Enumerable.Range(round, RoundsAtOnce).SelectMany(r => Http2Attacks.Round(attack, r, path))], over);
                }
            }
            catch (Exception exception) when (exception is IOException or OperationCanceledException)
            {
                // Thrown out, or the test is over.
            }

            // Before the connection is disposed of: an SslStream that is read meanwhile may fail with anything.
            await left.CancelAsync();
            await reading;
        }
    }

    // Who does not read is thrown out for that alone.
    private static async Task ReadAsync(Http2Adversary adversary, CancellationToken cancellationToken)
    {
        try
        {
            while (true)
            {
                await adversary.ReadAsync(cancellationToken);
            }
        }
        catch (Exception exception) when (exception is IOException or OperationCanceledException)
        {
        }
    }

    private static async Task<List<double>> AskAsync(HttpClient client, TimeSpan duration)
    {
        var took = new List<double>();
        var begun = Stopwatch.GetTimestamp();
        while (Stopwatch.GetElapsedTime(begun) < duration)
        {
            var asked = Stopwatch.GetTimestamp();
            Assert.Equal("well", await client.GetStringAsync("/honest", Cancellation));
            took.Add(Stopwatch.GetElapsedTime(asked).TotalMilliseconds);
            await Task.Delay(HonestPause, Cancellation);
        }

        return took;
    }

    private async Task AnswerAsync(HttpContext context)
    {
        if (context.Request.Path.StartsWithSegments("/attack", out var connection))
        {
            _reached.AddOrUpdate(connection.Value!, 1, static (_, count) => count + 1);
            await context.Response.Body.WriteAsync(Large, context.RequestAborted);
            return;
        }

        await context.Response.WriteAsync("well", context.RequestAborted);
    }

    private static double P99(List<double> took) => took.Order().ElementAt((int)(took.Count * 0.99));

    private static void Report(FormattableString line) => TestContext.Current.TestOutputHelper!.WriteLine(line.ToString(CultureInfo.InvariantCulture));
}
