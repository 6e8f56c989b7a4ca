using System.Diagnostics;
using Gateway.EndToEnd.Harness;
using Gateway.Tests.Hosting;
using Microsoft.AspNetCore.Http;

namespace Gateway.EndToEnd.Proxying;

/// <summary>Answers stream: what the service has sent is at the client before the service has sent more.</summary>
public sealed class StreamingTests
{
    private const int Events = 20;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public static TheoryData<string, string> Answers => new()
    {
        { "1.1", "text/event-stream" },
        { "2.0", "text/event-stream" },
        { "1.1", "application/octet-stream" },
        { "2.0", "application/octet-stream" },
    };

    /// <summary>Each event is sent only when the client has the one before it: anything held back would stop the exchange for good.</summary>
    [Theory]
    [MemberData(nameof(Answers))]
    public async Task EachPartOfAnAnswerArrivesAtOnce(string version, string contentType)
    {
        using var folder = new TestFolder();
        using var received = new SemaphoreSlim(1);
        await using var service = await TestService.StartAsync(context => SendEventsAsync(context, contentType, received));
        await using var gateway = await GatewayProcess.RunAsync(folder, new GatewayJson().Https().To(service.Address));
        using var direct = new HttpClient { BaseAddress = new Uri(service.Address) };
        using var proxied = gateway.CreateClient(Version.Parse(version));
        await MeasureAsync(proxied, received);

        var without = await MeasureAsync(direct, received);
        var with = await MeasureAsync(proxied, received);

        TestContext.Current.TestOutputHelper!.WriteLine(
            $"{contentType} over HTTP/{version}: first byte {without.First:F2} ms direct, {with.First:F2} ms through the gateway; "
            + $"median of {Events} events {without.Median:F2} and {with.Median:F2} ms");
        Assert.InRange(with.First - without.First, double.NegativeInfinity, 50);
        Assert.InRange(with.Median - without.Median, double.NegativeInfinity, 50);
    }

    private static async Task SendEventsAsync(HttpContext context, string contentType, SemaphoreSlim received)
    {
        context.Response.ContentType = contentType;
        for (var i = 0; i < Events; i++)
        {
            await received.WaitAsync(context.RequestAborted);
            await context.Response.WriteAsync($"data: {Stopwatch.GetTimestamp()}\n\n", context.RequestAborted);
            await context.Response.Body.FlushAsync(context.RequestAborted);
        }
    }

    /// <summary>From the service's writing to the client's reading, in milliseconds.</summary>
    private static async Task<(double First, double Median)> MeasureAsync(HttpClient client, SemaphoreSlim received)
    {
        using var response = await client.GetAsync("/api/stream", HttpCompletionOption.ResponseHeadersRead, Cancellation);
        using var reader = new StreamReader(await response.Content.ReadAsStreamAsync(Cancellation));
        var delays = new List<double>();
        while (await reader.ReadLineAsync(Cancellation).AsTask().WaitAsync(TimeSpan.FromSeconds(30), Cancellation) is { } line)
        {
            if (line.StartsWith("data: ", StringComparison.Ordinal))
            {
                var sent = long.Parse(line["data: ".Length..], System.Globalization.CultureInfo.InvariantCulture);
                delays.Add(Stopwatch.GetElapsedTime(sent).TotalMilliseconds);
                received.Release();
            }
        }

        Assert.Equal(Events, delays.Count);
        return (delays[0], delays.Order().ElementAt(Events / 2));
    }
}
