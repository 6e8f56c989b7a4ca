using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using System.Net.WebSockets;
using System.Text.Json.Nodes;
using Gateway.EndToEnd.Harness;
using Gateway.EndToEnd.Proxying;
using Gateway.Tests.Hosting;
using Microsoft.AspNetCore.Http;

namespace Gateway.EndToEnd.Faults;

/// <summary>A service that fails and returns: what clients see meanwhile, and that the first request after its return is served.</summary>
[Collection(Alone.Collection)]
public sealed class ServiceFaultTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public static TheoryData<string, int, string> Faults => new()
    {
        { nameof(Fault.Down), 502, "refused the connection" },
        { nameof(Fault.BlackHole), 504, "could not be reached within 10 s" },
        { nameof(Fault.Hang), 504, "was silent for 00:00:02" },
        { nameof(Fault.Reset), 502, "reset the connection" },
        { nameof(Fault.HalfClose), 502, "closed the connection without an answer" },
    };

    [Theory]
    [MemberData(nameof(Faults))]
    public async Task AFaultHasItsStatusAndTheFirstRequestAfterItIsServed(string fault, int status, string reason)
    {
        using var folder = new TestFolder();
        await using var service = await TestService.StartAsync(AnswerAsync);
        await using var proxy = new FaultProxy(service.Address);
        await using var gateway = await GatewayProcess.RunAsync(folder, new GatewayJson().Https().To(proxy.Address).Set(
            "Gateway:Timeouts:Request", fault == nameof(Fault.BlackHole) ? "00:05:00" : "00:00:02"));
        using var client = gateway.CreateClient();
        await AssertServedAsync(client);

        proxy.Set(Enum.Parse<Fault>(fault));
        foreach (var method in new[] { HttpMethod.Get, HttpMethod.Post })
        {
            using var request = new HttpRequestMessage(method, "/api/voices");
            using var response = await client.SendAsync(request, Cancellation);
            Assert.Equal(status, (int)response.StatusCode);
        }

        var handshake = await Assert.ThrowsAsync<WebSocketException>(() => Clients.OpenWebSocketAsync(gateway, "/ws", "1.1"));
        Assert.Contains($"'{status}'", handshake.Message, StringComparison.Ordinal);
        await gateway.Program.WaitForLineAsync(reason);

        proxy.Set(Fault.None);
        await AssertServedAsync(client);
        using var socket = await Clients.OpenWebSocketAsync(gateway, "/ws", "1.1");
        await Clients.EchoAsync(socket, "back");
    }

    [Fact]
    public async Task AServiceWhoseAddressChangesInDnsIsFoundAtItsNewOneAtOnce()
    {
        Require.Root();
        Require.Tool("unshare");
        using var folder = new TestFolder();
        var hosts = folder.Write("hosts", "127.0.0.1 localhost\n127.0.0.2 voice.internal\n");
        var port = Ports.Free();
        await using var before = await ServiceAt.StartAsync(IPAddress.Parse("127.0.0.2"), port, "before");
        await using var after = await ServiceAt.StartAsync(IPAddress.Parse("127.0.0.3"), port, "after");
        var json = new GatewayJson().Https().To($"http://voice.internal:{port}");
        // The names of a machine of its own: another /etc/hosts, for this process only.
        await using var gateway = await GatewayProcess.RunAsync(
            folder, json, under: ["unshare", "--mount", "sh", "-c", $"mount --bind {hosts} /etc/hosts && exec \"$@\"", "sh"]);
        using var client = gateway.CreateClient();
        Assert.Equal("before", await client.GetStringAsync("/", Cancellation));

        await File.WriteAllTextAsync(hosts, "127.0.0.1 localhost\n127.0.0.3 voice.internal\n", Cancellation);
        await before.DisposeAsync();

        Assert.Equal("after", await client.GetStringAsync("/", Cancellation));
        using var posted = await client.PostAsync("/", new StringContent("body"), Cancellation);
        Assert.Equal(HttpStatusCode.OK, posted.StatusCode);
    }

    [Fact]
    public async Task NoSafeRequestIsLostWhenOneOfTwoDestinationsIsKilledUnderLoad()
    {
        using var folder = new TestFolder();
        await using var service = await TestService.StartAsync(AnswerAsync);
        await using var first = new FaultProxy(service.Address);
        await using var second = new FaultProxy(service.Address);
        var json = new GatewayJson().Https().To(first.Address)
            .Set("ReverseProxy:Clusters:service:Destinations:two:Address", second.Address)
            .Set("ReverseProxy:Clusters:service:HealthCheck:Passive", new JsonObject
            {
                ["Enabled"] = true,
                ["Policy"] = "TransportFailureRate",
                ["ReactivationPeriod"] = "00:00:02",
            });
        await using var gateway = await GatewayProcess.RunAsync(folder, json);
        using var client = gateway.CreateClient();
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        var (requests, failures) = (0, new ConcurrentBag<string>());

        var load = Enumerable.Range(0, 16).Select(async _ =>
        {
            while (!stop.IsCancellationRequested)
            {
                using var response = await client.GetAsync("/api/voices", Cancellation);
                Interlocked.Increment(ref requests);
                if (response.StatusCode != HttpStatusCode.OK)
                {
                    failures.Add(await response.Content.ReadAsStringAsync(Cancellation));
                }
            }
        }).ToArray();
        foreach (var _ in Enumerable.Range(0, 2))
        {
            await PassAsync(() => requests, 300);
            first.Set(Fault.Down);
            await PassAsync(() => requests, 600);
            first.Set(Fault.None);
        }

        await stop.CancelAsync();
        await Task.WhenAll(load);
        TestContext.Current.TestOutputHelper!.WriteLine($"{requests} requests, {failures.Count} failed");
        Assert.Empty(failures);
    }

    private static async Task PassAsync(Func<int> count, int more)
    {
        for (var goal = count() + more; count() < goal;)
        {
            await Task.Delay(20, Cancellation);
        }
    }

    private static async Task AssertServedAsync(HttpClient client)
    {
        var returned = Stopwatch.GetTimestamp();
        Assert.Equal("well", await client.GetStringAsync("/api/voices", Cancellation));
        TestContext.Current.TestOutputHelper!.WriteLine($"served after {Stopwatch.GetElapsedTime(returned).TotalMilliseconds:F0} ms");
    }

    private static Task AnswerAsync(HttpContext context) =>
        context.WebSockets.IsWebSocketRequest ? Sockets.EchoAsync(context) : context.Response.WriteAsync("well");
}
