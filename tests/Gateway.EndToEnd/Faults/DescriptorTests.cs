using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Net.WebSockets;
using Gateway.EndToEnd.Harness;
using Gateway.EndToEnd.Proxying;
using Gateway.Tests.Hosting;
using Microsoft.AspNetCore.Http;

namespace Gateway.EndToEnd.Faults;

/// <summary>More connections than the process may have file descriptors.</summary>
[Collection(Alone.Collection)]
public sealed class DescriptorTests
{
    private const string Alarm = "No file descriptor is left";
    private const int Limit = 256;
    private const int Kept = 4;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task WithoutDescriptorsTheGatewayWaitsInPeaceAndRecoversWithinFiveSeconds()
    {
        Require.Tool("prlimit");
        using var folder = new TestFolder();
        await using var service = await TestService.StartAsync(context =>
            context.WebSockets.IsWebSocketRequest ? Sockets.EchoAsync(context) : context.Response.WriteAsync("well"));
        await using var gateway = await GatewayProcess.RunAsync(folder, new GatewayJson().Https().To(service.Address), under: ["prlimit", $"--nofile={Limit}"]);
        using var call = await Clients.OpenWebSocketAsync(gateway, "/ws", "1.1");
        using var early = gateway.CreateClient(HttpVersion.Version20);
        Assert.Equal("well", await early.GetStringAsync("/", Cancellation));

        var crowd = await CrowdAsync(gateway);

        // No busy loop, and those who are in live on.
        var before = ProcessorTime(gateway.Program.ProcessId);
        await Task.Delay(TimeSpan.FromSeconds(3), Cancellation);
        var used = ProcessorTime(gateway.Program.ProcessId) - before;
        TestContext.Current.TestOutputHelper!.WriteLine($"{used.TotalMilliseconds:F0} ms of processor time in 3 s");
        Assert.InRange(used, TimeSpan.Zero, TimeSpan.FromSeconds(1));
        await Clients.EchoAsync(call, "still here");

        // Some are kept for those who are in. When these are gone too, a handshake that would need another one is refused.
        Assert.Equal("well", await early.GetStringAsync("/", Cancellation));
        var statuses = new List<string>();
        var calls = new List<ClientWebSocket>();
        for (var i = 0; i < 60; i++)
        {
            var socket = new ClientWebSocket();
            calls.Add(socket);
            socket.Options.HttpVersion = HttpVersion.Version20;
            socket.Options.HttpVersionPolicy = HttpVersionPolicy.RequestVersionExact;
            var refusal = await Record.ExceptionAsync(() => socket.ConnectAsync(new Uri($"wss://localhost:{gateway.HttpsPort}/ws"), early, Cancellation));
            statuses.Add(refusal?.Message ?? "open");
        }

        Assert.Equal("open", statuses[0]);
        Assert.Contains("503", statuses[^1], StringComparison.Ordinal);
        // What .NET needs for itself is never given away: it ends the process when a thread cannot be started.
        Assert.InRange(Directory.GetFiles($"/proc/{gateway.Program.ProcessId}/fd").Length, 1, Limit - Kept);
        foreach (var socket in calls)
        {
            if (socket.State == WebSocketState.Open)
            {
                await socket.CloseAsync(WebSocketCloseStatus.NormalClosure, null, Cancellation);
            }

            socket.Dispose();
        }

        Assert.InRange(await LeaveAsync(crowd, gateway), TimeSpan.Zero, TimeSpan.FromSeconds(5));
        await Clients.EchoAsync(call, "still here");
        var alarm = Assert.Single(gateway.Program.All.Lines, line => line.Contains(Alarm, StringComparison.Ordinal));
        Assert.Contains("LimitNOFILE", alarm, StringComparison.Ordinal);
    }

    [Fact]
    public async Task AGatewayThatHasServedNobodyYetRecoversAsWell()
    {
        Require.Tool("prlimit");
        using var folder = new TestFolder();
        await using var service = await TestService.StartAsync(context => context.Response.WriteAsync("well"));
        await using var gateway = await GatewayProcess.RunAsync(folder, new GatewayJson().Https().To(service.Address), under: ["prlimit", $"--nofile={Limit}"]);

        var crowd = await CrowdAsync(gateway);

        Assert.InRange(Directory.GetFiles($"/proc/{gateway.Program.ProcessId}/fd").Length, 1, Limit - Kept);
        // How soon depends on the machine: all of its code is used for the first time.
        await LeaveAsync(crowd, gateway);
    }

    // More than there are descriptors: the kernel queues what the gateway cannot accept.
    private static async Task<List<Socket>> CrowdAsync(GatewayProcess gateway)
    {
        var crowd = new List<Socket>();
        for (var i = 0; i < 300; i++)
        {
            var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            crowd.Add(socket);
            await socket.ConnectAsync(IPAddress.Loopback, gateway.HttpsPort!.Value, Cancellation);
        }

        await gateway.Program.WaitForLineAsync(Alarm);
        return crowd;
    }

    private static async Task<TimeSpan> LeaveAsync(List<Socket> crowd, GatewayProcess gateway)
    {
        crowd.ForEach(socket => socket.Dispose());
        var freed = Stopwatch.GetTimestamp();
        using var client = gateway.CreateClient();
        Assert.Equal("well", await client.GetStringAsync("/", Cancellation));
        var recovery = Stopwatch.GetElapsedTime(freed);
        TestContext.Current.TestOutputHelper!.WriteLine($"recovered after {recovery.TotalMilliseconds:F0} ms");
        return recovery;
    }

    // proc(5): utime and stime are the 14th and 15th field, in ticks of 10 ms; the second field may hold spaces.
    private static TimeSpan ProcessorTime(int processId)
    {
        var text = File.ReadAllText($"/proc/{processId}/stat");
        var fields = text[(text.LastIndexOf(')') + 2)..].Split(' ');
        return TimeSpan.FromMilliseconds(10 * (long.Parse(fields[11], CultureInfo.InvariantCulture) + long.Parse(fields[12], CultureInfo.InvariantCulture)));
    }
}
