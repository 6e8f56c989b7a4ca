using System.Diagnostics;
using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;
using Gateway.EndToEnd.Harness;
using Gateway.EndToEnd.Proxying;
using Gateway.Tests.Hosting;
using Microsoft.AspNetCore.Http;

namespace Gateway.EndToEnd.Boundary;

/// <summary>Clients that are slow on purpose are gone soon, and nobody else notices them.</summary>
[Collection(Alone.Collection)]
public sealed class SlowClientTests
{
    // The honest client's.
    private const int Others = 5;

    // What the slowest of the gateway's limits takes (15 s), with room for its clocks' grain and a busy machine.
    private static readonly TimeSpan Gone = TimeSpan.FromSeconds(35);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    /// <summary>Slow headers, slow body, slow reading.</summary>
    [Theory]
    [InlineData("-H", "-i", "5", "-x", "20")]
    [InlineData("-B", "-i", "5", "-x", "20", "-s", "8192", "-t", "POST")]
    [InlineData("-X", "-k", "3", "-w", "512", "-y", "1024", "-n", "5", "-z", "32")]
    public async Task AreGoneWithin35SecondsWhileHonestOnesAreServed(params string[] mode)
    {
        var attacker = Require.Tool("slowhttptest");
        var connections = TestSize.Of("GATEWAY_TESTS_SLOW_CLIENTS", 300);
        using var folder = new TestFolder();
        await using var service = await TestService.StartAsync(AnswerAsync);
        await using var gateway = await GatewayProcess.RunAsync(folder, new GatewayJson().Https().To(service.Address));
        using var over = new CancellationTokenSource();
        var honest = AskOverAndOverAsync(gateway, over.Token);

        await using (var attack = RunningProgram.Start(attacker, [.. mode, "-c", $"{connections}", "-r", "200", "-l", "120", "-u", $"{gateway.HttpsAddress}large"], folder))
        {
            var most = 0;
            var (begun, peak) = (Stopwatch.GetTimestamp(), 0L);
            for (var open = Open(gateway); most < connections / 2 || open > Others; open = Open(gateway))
            {
                if (open > most)
                {
                    (most, peak) = (open, Stopwatch.GetTimestamp());
                }

                Assert.True(Stopwatch.GetElapsedTime(begun) < TimeSpan.FromMinutes(2), $"{open} connections are still open, at most there were {most}.");
                await Task.Delay(100, Cancellation);
            }

            var took = Stopwatch.GetElapsedTime(peak);
            TestContext.Current.TestOutputHelper!.WriteLine($"slowhttptest {mode[0]}, {connections} connections, {most} at once: all gone {took.TotalSeconds:F0} s after the last had come");
            Assert.InRange(took, TimeSpan.Zero, Gone);
        }

        await over.CancelAsync();
        var served = await honest;
        Assert.True(served > 10, $"Only {served} honest requests were served.");
    }

    /// <summary>250 bytes a second are more than the data rate asks for: what bounds these is how many one address may have.</summary>
    [Fact]
    public async Task ThatAreJustFastEnoughAreBoundedByTheirAddress()
    {
        const int Bound = 50;
        using var folder = new TestFolder();
        await using var service = await TestService.StartAsync(AnswerAsync);
        await using var gateway = await GatewayProcess.RunAsync(
            folder, new GatewayJson().Https().To(service.Address).Set("Gateway:Limits:MaxConnectionsPerAddress", Bound));
        using var over = new CancellationTokenSource();
        var slow = Enumerable.Range(0, TestSize.Of("GATEWAY_TESTS_SLOW_CLIENTS", 200)).Select(_ => TrickleAsync(gateway, over.Token)).ToArray();
        await gateway.Program.WaitForLineAsync("Gateway:Limits:MaxConnectionsPerAddress was reached by 127.0.0.1");

        for (var i = 0; i < 20; i++)
        {
            await using var tls = await Clients.ConnectTlsAsync(gateway.HttpsPort!.Value, from: IPAddress.Parse("127.0.0.2"));
            using var reader = new StreamReader(tls);
            await tls.WriteAsync("GET /small HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"u8.ToArray(), Cancellation);
            Assert.StartsWith("HTTP/1.1 200", await reader.ReadToEndAsync(Cancellation), StringComparison.Ordinal);
        }

        Assert.InRange(slow.Count(client => !client.IsCompleted), 1, Bound);
        await over.CancelAsync();
        await Task.WhenAll(slow);
    }

    /// <summary>Connections to the gateway as the kernel counts them; the tool itself does not notice everything.</summary>
    private static int Open(GatewayProcess gateway) => IPGlobalProperties.GetIPGlobalProperties().GetActiveTcpConnections()
        .Count(connection => connection.State == TcpState.Established && connection.LocalEndPoint.Port == gateway.HttpsPort);

    private static async Task TrickleAsync(GatewayProcess gateway, CancellationToken over)
    {
        try
        {
            await using var tls = await Clients.ConnectTlsAsync(gateway.HttpsPort!.Value);
            await tls.WriteAsync("POST /large HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000000\r\n\r\n"u8.ToArray(), over);
            using var timer = new PeriodicTimer(TimeSpan.FromSeconds(1));
            do
            {
                await tls.WriteAsync(new byte[250], over);
            }
            while (await timer.WaitForNextTickAsync(over));
        }
        catch (Exception exception) when (exception is IOException or OperationCanceledException or SocketException)
        {
            // Refused, or the test is over.
        }
    }

    private static async Task<int> AskOverAndOverAsync(GatewayProcess gateway, CancellationToken over)
    {
        var served = 0;
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(200));
        while (!over.IsCancellationRequested)
        {
            // A new connection each time.
            using var client = gateway.CreateClient();
            client.Timeout = TimeSpan.FromSeconds(10);
            Assert.Equal("small", await client.GetStringAsync("/small", Cancellation));
            served++;
            await timer.WaitForNextTickAsync(Cancellation);
        }

        return served;
    }

    private static async Task AnswerAsync(HttpContext context)
    {
        if (context.Request.Path == "/small")
        {
            await context.Response.WriteAsync("small", context.RequestAborted);
            return;
        }

        await context.Request.Body.CopyToAsync(Stream.Null, context.RequestAborted);
        var part = new byte[64 * 1024];
        for (var i = 0; i < 256; i++)
        {
            await context.Response.Body.WriteAsync(part, context.RequestAborted);
        }
    }
}
