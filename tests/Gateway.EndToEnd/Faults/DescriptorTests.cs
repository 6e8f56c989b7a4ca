using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Text;
using Gateway.EndToEnd.Harness;
using Gateway.EndToEnd.Proxying;
using Gateway.Tests.Hosting;
using Microsoft.AspNetCore.Http;

namespace Gateway.EndToEnd.Faults;

/// <summary>More connections than the process may have file descriptors.</summary>
public sealed class DescriptorTests
{
    private const string Alarm = "No file descriptor is left";

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task WithoutDescriptorsTheGatewayWaitsInPeaceAndRecoversWithinFiveSeconds()
    {
        Require.Tool("prlimit");
        using var folder = new TestFolder();
        await using var service = await TestService.StartAsync(context =>
            context.WebSockets.IsWebSocketRequest ? Sockets.EchoAsync(context) : context.Response.WriteAsync("well"));
        await using var gateway = await GatewayProcess.RunAsync(folder, new GatewayJson().Https().To(service.Address), under: ["prlimit", "--nofile=256"]);
        using var call = await Clients.OpenWebSocketAsync(gateway, "/ws", "1.1");
        await using var connected = await Clients.ConnectTlsAsync(gateway.HttpsPort!.Value);
        await using var other = await Clients.ConnectTlsAsync(gateway.HttpsPort!.Value);

        // More than there are descriptors: the kernel queues what the gateway cannot accept.
        var crowd = new List<Socket>();
        for (var i = 0; i < 300; i++)
        {
            var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            crowd.Add(socket);
            await socket.ConnectAsync(IPAddress.Loopback, gateway.HttpsPort!.Value, Cancellation);
        }

        await gateway.Program.WaitForLineAsync(Alarm);

        // No busy loop, and those who are in live on.
        var before = ProcessorTime(gateway.Program.ProcessId);
        await Task.Delay(TimeSpan.FromSeconds(3), Cancellation);
        var used = ProcessorTime(gateway.Program.ProcessId) - before;
        TestContext.Current.TestOutputHelper!.WriteLine($"{used.TotalMilliseconds:F0} ms of processor time in 3 s");
        Assert.InRange(used, TimeSpan.Zero, TimeSpan.FromSeconds(1));
        await Clients.EchoAsync(call, "still here");

        // A request and a handshake that would need another socket.
        Assert.StartsWith("HTTP/1.1 503", await AskAsync(connected, "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"), StringComparison.Ordinal);
        Assert.StartsWith(
            "HTTP/1.1 503",
            await AskAsync(other, "GET /ws HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"),
            StringComparison.Ordinal);

        crowd.ForEach(socket => socket.Dispose());
        var freed = Stopwatch.GetTimestamp();
        using var client = gateway.CreateClient();
        Assert.Equal("well", await client.GetStringAsync("/", Cancellation));
        var recovery = Stopwatch.GetElapsedTime(freed);
        TestContext.Current.TestOutputHelper!.WriteLine($"recovered after {recovery.TotalMilliseconds:F0} ms");
        Assert.InRange(recovery, TimeSpan.Zero, TimeSpan.FromSeconds(5));
        await Clients.EchoAsync(call, "still here");
        var alarm = Assert.Single(gateway.Program.All.Lines, line => line.Contains(Alarm, StringComparison.Ordinal));
        Assert.Contains("LimitNOFILE", alarm, StringComparison.Ordinal);
    }

    private static async Task<string> AskAsync(SslStream connection, string request)
    {
        await connection.WriteAsync(Encoding.ASCII.GetBytes(request), Cancellation);
        var buffer = new byte[4096];
        var read = await connection.ReadAsync(buffer, Cancellation);
        return Encoding.ASCII.GetString(buffer, 0, read);
    }

    // proc(5): utime and stime are the 14th and 15th field, in ticks of 10 ms; the second field may hold spaces.
    private static TimeSpan ProcessorTime(int processId)
    {
        var text = File.ReadAllText($"/proc/{processId}/stat");
        var fields = text[(text.LastIndexOf(')') + 2)..].Split(' ');
        return TimeSpan.FromMilliseconds(10 * (long.Parse(fields[11], CultureInfo.InvariantCulture) + long.Parse(fields[12], CultureInfo.InvariantCulture)));
    }
}
