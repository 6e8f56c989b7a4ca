using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.WebSockets;
using System.Security.Cryptography;
using Gateway.EndToEnd.Harness;
using Gateway.EndToEnd.Proxying;
using Gateway.Tests.Hosting;
using Microsoft.AspNetCore.Http;

namespace Gateway.EndToEnd.Faults;

/// <summary>Half of the load that this machine bears, and 200 calls that come and go. A minute here; GATEWAY_TESTS_SOAK=00:15:00 for the whole.</summary>
[Collection(Alone.Collection)]
public sealed class SoakTests
{
    private const int Calls = 200;
    private const int Clients = 16;

    // Where the first third of a run is for warming up, 15 minutes leave two times five to look at.
    private static readonly TimeSpan LongEnough = TimeSpan.FromMinutes(12);
    private static readonly TimeSpan Sample = TimeSpan.FromSeconds(1);

    // Between two collections memory rises by a tenth and more. What counts is what they leave: the least of each fifth of the time.
    private const int Windows = 5;

    private readonly ConcurrentBag<string> _failures = [];
    private int _requests;
    private int _calls;
    private int _messages;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private static TimeSpan Duration =>
        TimeSpan.Parse(Environment.GetEnvironmentVariable("GATEWAY_TESTS_SOAK") ?? "00:01:00", CultureInfo.InvariantCulture);

    [Fact]
    public async Task NothingFailsAndMemoryDoesNotGrow()
    {
        using var folder = new TestFolder();
        await using var service = await TestService.StartAsync(context =>
            context.WebSockets.IsWebSocketRequest ? Sockets.EchoAsync(context) : context.Response.WriteAsync("well"));
        await using var gateway = await GatewayProcess.RunAsync(folder, new GatewayJson().Https().To(service.Address).Set("Serilog:MinimumLevel:Override:Gateway.Observability.AccessLog", "Warning"));
        using var client = gateway.CreateClient();

        var most = await MeasureAsync(client);
        using var end = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        end.CancelAfter(Duration);
        var pause = TimeSpan.FromSeconds(Clients / (most / 2));
        var load = Enumerable.Range(0, Clients).Select(_ => RequestAsync(client, pause, end.Token))
            .Concat(Enumerable.Range(0, Calls).Select(_ => CallAsync(gateway, end.Token)))
            .ToArray();
        var memory = await WatchAsync(gateway.Program.ProcessId, end.Token);
        await Task.WhenAll(load);

        var late = memory[(memory.Count / 3)..];
        var (slope, slopeOfAll) = (Slope([.. late.Chunk(late.Count / Windows).Take(Windows).Select(window => window.MinBy(sample => sample.Bytes))]), Slope([.. late]));
        TestContext.Current.TestOutputHelper!.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{Duration}: {_requests} requests at half of {most:F0}/s, {_calls} calls, {_messages} messages, {_failures.Count} failures; memory {memory[0].Bytes / 1e6:F0} MB, {memory[memory.Count / 3].Bytes / 1e6:F0} MB after a third, {memory[^1].Bytes / 1e6:F0} MB at the end, {slope:P2} in 5 minutes ({slopeOfAll:P2} with what is not yet collected)"));
        Assert.Empty(_failures);
        Assert.DoesNotContain(gateway.Program.All.Lines, line => line.Contains("\"@l\":\"Error\"", StringComparison.Ordinal));
        if (Duration >= LongEnough)
        {
            Assert.InRange(slope, -1, 0.01);
        }
    }

    /// <summary>Requests a second without a pause.</summary>
    private async Task<double> MeasureAsync(HttpClient client)
    {
        using var end = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        end.CancelAfter(TimeSpan.FromSeconds(5));
        var begun = Stopwatch.GetTimestamp();
        await Task.WhenAll(Enumerable.Range(0, Clients).Select(_ => RequestAsync(client, TimeSpan.Zero, end.Token)));
        return Interlocked.Exchange(ref _requests, 0) / Stopwatch.GetElapsedTime(begun).TotalSeconds;
    }

    private async Task RequestAsync(HttpClient client, TimeSpan pause, CancellationToken end)
    {
        var next = Stopwatch.GetTimestamp();
        while (!end.IsCancellationRequested)
        {
            try
            {
                using var response = await client.GetAsync("/api/voices", Cancellation);
                if (response.StatusCode != HttpStatusCode.OK)
                {
                    _failures.Add($"{response.StatusCode}");
                }
            }
            catch (HttpRequestException e)
            {
                _failures.Add(e.ToString());
            }

            Interlocked.Increment(ref _requests);
            next += (long)(pause.TotalSeconds * Stopwatch.Frequency);
            var rest = Stopwatch.GetElapsedTime(Stopwatch.GetTimestamp(), next);
            if (rest > TimeSpan.Zero)
            {
                await Task.Delay(rest, Cancellation);
            }
        }
    }

    // A call of 5 to 25 seconds with ten messages a second, then the next one.
    private async Task CallAsync(GatewayProcess gateway, CancellationToken end)
    {
        var (sent, received) = (RandomNumberGenerator.GetBytes(1000), new byte[1000]);
        while (!end.IsCancellationRequested)
        {
            try
            {
                using var socket = await Proxying.Clients.OpenWebSocketAsync(gateway, "/ws/call", Random.Shared.Next(2) == 0 ? "1.1" : "2.0");
                for (var left = Random.Shared.Next(50, 250); left > 0 && !end.IsCancellationRequested; left--)
                {
                    await socket.SendAsync(sent, WebSocketMessageType.Binary, true, Cancellation);
                    for (var read = 0; read < sent.Length;)
                    {
                        read += (await socket.ReceiveAsync(received.AsMemory(read), Cancellation)).Count;
                    }

                    Interlocked.Increment(ref _messages);
                    await Task.Delay(100, Cancellation);
                }

                await socket.CloseAsync(WebSocketCloseStatus.NormalClosure, null, Cancellation);
                Interlocked.Increment(ref _calls);
            }
            catch (Exception e) when (e is WebSocketException or HttpRequestException)
            {
                _failures.Add(e.ToString());
            }
        }
    }

    private static async Task<List<(double Minutes, double Bytes)>> WatchAsync(int processId, CancellationToken end)
    {
        var samples = new List<(double, double)>();
        var begun = Stopwatch.GetTimestamp();
        try
        {
            while (true)
            {
                samples.Add((Stopwatch.GetElapsedTime(begun).TotalMinutes, ProcessMemory.Resident(processId)));
                await Task.Delay(Sample, end);
            }
        }
        catch (OperationCanceledException) when (!Cancellation.IsCancellationRequested)
        {
            return samples;
        }
    }

    /// <summary>By least squares: growth in five minutes as a part of the average.</summary>
    private static double Slope((double Minutes, double Bytes)[] samples)
    {
        var (x, y) = (samples.Average(s => s.Minutes), samples.Average(s => s.Bytes));
        return 5 * samples.Sum(s => (s.Minutes - x) * (s.Bytes - y)) / samples.Sum(s => (s.Minutes - x) * (s.Minutes - x)) / y;
    }
}
