using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net.Sockets;
using System.Net.WebSockets;
using Gateway.EndToEnd.Harness;
using Gateway.Tests.Hosting;
using Microsoft.AspNetCore.Http;

namespace Gateway.EndToEnd.Proxying;

/// <summary>Silence is no reason to end a WebSocket; a peer that has vanished is. Takes some three minutes.</summary>
public sealed class DeadPeerTests
{
    // Beyond Kestrel's keep-alive timeout (130 s), YARP's activity timeout (100 s) and nginx's read timeout (60 s).
    private static readonly TimeSpan Silence = TimeSpan.FromSeconds(135);

    private static readonly TimeSpan TimeToReap = TimeSpan.FromMinutes(3);

    private readonly ConcurrentDictionary<string, TaskCompletionSource> _ends = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task SilentWebSocketsStayOpenWhileThoseOfAVanishedPeerAreReapedWithinThreeMinutes()
    {
        Require.Root();
        using var folder = new TestFolder();
        await using var cable = await Cable.LayAsync();
        await using var service = await TestService.StartAsync(ServeAsync);
        var json = new GatewayJson().Https().To(service.Address);
        json.Set("Kestrel:Endpoints:https:Url", $"https://*:{json.HttpsPort}");
        await using var gateway = await GatewayProcess.RunAsync(folder, json);

        // Four on the cable, idle and busy, over both versions; two that live, silent.
        string[] vanished = ["/idle/1.1", "/idle/2.0", "/busy/1.1", "/busy/2.0"];
        var clients = new List<ClientWebSocket>();
        foreach (var path in vanished)
        {
            clients.Add(await Clients.OpenWebSocketAsync(gateway, path, path[^3..], (_, _) =>
                ValueTask.FromResult<Stream>(new NetworkStream(cable.Connect(json.HttpsPort!.Value), ownsSocket: true))));
        }

        using var silent11 = await Clients.OpenWebSocketAsync(gateway, "/silent/1.1", "1.1");
        using var silent20 = await Clients.OpenWebSocketAsync(gateway, "/silent/2.0", "2.0");
        var silence = Task.Delay(Silence, Cancellation);
        await Clients.EchoAsync(clients[0], "the cable carries");

        await cable.PullAsync();
        var pulled = Stopwatch.GetTimestamp();
        await Task.WhenAll(vanished.Select(async path =>
        {
            await EndOf(path).WaitAsync(TimeToReap, Cancellation);
            TestContext.Current.TestOutputHelper!.WriteLine($"{path}: the service saw the end after {Stopwatch.GetElapsedTime(pulled).TotalSeconds:F0} s");
            await gateway.Program.WaitForLineAsync(line =>
                line.Contains("WebSocket closed", StringComparison.Ordinal) && line.Contains($"\"Path\":\"{path}\"", StringComparison.Ordinal));
        }));

        await silence;
        await Clients.EchoAsync(silent11, "still here over HTTP/1.1");
        await Clients.EchoAsync(silent20, "still here over HTTP/2");
        clients.ForEach(client => client.Dispose());
    }

    private Task EndOf(string path) => _ends.GetOrAdd(path, _ => new(TaskCreationOptions.RunContinuationsAsynchronously)).Task;

    private async Task ServeAsync(HttpContext context)
    {
        try
        {
            await (context.Request.Path.StartsWithSegments("/busy", StringComparison.Ordinal) ? TalkAsync(context) : Sockets.EchoAsync(context));
        }
        catch (Exception exception) when (exception is WebSocketException or OperationCanceledException or IOException)
        {
            // The gateway has ended it.
        }
        finally
        {
            _ = EndOf(context.Request.Path);
            _ends[context.Request.Path].TrySetResult();
        }
    }

    /// <summary>Sends all the time, so that data is in flight when the peer vanishes.</summary>
    private static async Task TalkAsync(HttpContext context)
    {
        using var socket = await context.WebSockets.AcceptWebSocketAsync();
        using var gone = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted);
        var reading = ReadToEndAsync(socket, gone);
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(500));
        while (await timer.WaitForNextTickAsync(gone.Token))
        {
            await socket.SendAsync(new byte[1000], WebSocketMessageType.Binary, true, gone.Token);
        }

        await reading;
    }

    private static async Task ReadToEndAsync(WebSocket socket, CancellationTokenSource gone)
    {
        try
        {
            var buffer = new byte[1000];
            while ((await socket.ReceiveAsync(buffer.AsMemory(), gone.Token)).MessageType != WebSocketMessageType.Close)
            {
            }
        }
        catch (Exception exception) when (exception is WebSocketException or OperationCanceledException)
        {
            // It ends with the connection.
        }
        finally
        {
            await gone.CancelAsync();
        }
    }
}
