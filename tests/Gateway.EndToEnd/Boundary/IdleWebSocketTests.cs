using System.Diagnostics;
using System.Globalization;
using System.Net.WebSockets;
using Gateway.EndToEnd.Harness;
using Gateway.EndToEnd.Proxying;
using Gateway.Tests.Hosting;

namespace Gateway.EndToEnd.Boundary;

/// <summary>Thousands of silent calls: none is dropped, and nothing of them stays.</summary>
[Collection(Alone.Collection)]
public sealed class IdleWebSocketTests
{
    // Of a few hundred calls the code that they compile is the greater part, and it stays: only thousands show whether memory comes back.
    private const int LeastReturned = 60_000_000;

    private static readonly TimeSpan Back = TimeSpan.FromSeconds(60);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task ThousandsStayOpenAndLeaveNothingBehind()
    {
        var count = TestSize.Of("GATEWAY_TESTS_IDLE_WEBSOCKETS", 500);
        var seconds = TestSize.Of("GATEWAY_TESTS_IDLE_SECONDS", 5);
        using var folder = new TestFolder();
        await using var service = await TestService.StartAsync(Sockets.EchoAsync);
        await using var gateway = await GatewayProcess.RunAsync(folder, new GatewayJson().Https().To(service.Address));
        // The first ones load and compile code, which stays.
        await CloseAsync(await OpenAsync(gateway, 20));
        var (descriptorsBefore, memoryBefore) = (Descriptors(gateway), Memory(gateway));

        var sockets = await OpenAsync(gateway, count);
        var memoryOpen = Memory(gateway);
        await Task.Delay(TimeSpan.FromSeconds(seconds), Cancellation);
        foreach (var socket in sockets)
        {
            await Clients.EchoAsync(socket, "still here");
        }

        await CloseAsync(sockets);
        var closed = Stopwatch.GetTimestamp();
        while (Descriptors(gateway) > descriptorsBefore + 20 || Memory(gateway) > memoryBefore + Math.Max(LeastReturned, (memoryOpen - memoryBefore) / 10))
        {
            Assert.True(Stopwatch.GetElapsedTime(closed) < Back, $"descriptors {descriptorsBefore} before and {Descriptors(gateway)} now, memory {memoryBefore / 1e6:F0} MB before, {memoryOpen / 1e6:F0} MB open, {Memory(gateway) / 1e6:F0} MB now");
            await Task.Delay(100, Cancellation);
        }

        TestContext.Current.TestOutputHelper!.WriteLine(
            $"{count} idle WebSockets for {seconds} s: none dropped, {(memoryOpen - memoryBefore) / 1024.0 / count:F1} KB each, "
            + $"descriptors {descriptorsBefore} before and {Descriptors(gateway)} after, memory {memoryBefore / 1e6:F0} MB before, {memoryOpen / 1e6:F0} MB open, {Memory(gateway) / 1e6:F0} MB after");
    }

    private static async Task<List<ClientWebSocket>> OpenAsync(GatewayProcess gateway, int count)
    {
        var sockets = new List<ClientWebSocket>();
        for (var i = 0; i < count; i++)
        {
            sockets.Add(await Clients.OpenWebSocketAsync(gateway, "/ws", "1.1"));
        }

        return sockets;
    }

    private static async Task CloseAsync(List<ClientWebSocket> sockets)
    {
        foreach (var socket in sockets)
        {
            await socket.CloseAsync(WebSocketCloseStatus.NormalClosure, null, Cancellation);
            socket.Dispose();
        }
    }

    private static int Descriptors(GatewayProcess gateway) => Directory.GetFileSystemEntries($"/proc/{gateway.Program.ProcessId}/fd").Length;

    private static long Memory(GatewayProcess gateway) =>
        long.Parse(File.ReadAllText($"/proc/{gateway.Program.ProcessId}/statm").Split(' ')[1], CultureInfo.InvariantCulture) * Environment.SystemPageSize;
}
