using System.Net.WebSockets;
using Gateway.EndToEnd.Harness;
using Gateway.Tests.Hosting;
using Microsoft.AspNetCore.Http;

namespace Gateway.EndToEnd.Proxying;

/// <summary>WebSockets are passed on in the few threads that wait for all sockets: nobody may keep one for himself.</summary>
[Collection(Alone.Collection)]
public sealed class BusyWebSocketTests
{
    // More than there are such threads.
    private static readonly int Floods = (2 * Environment.ProcessorCount) + 1;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("1.1")]
    [InlineData("2.0")]
    public async Task ThatNeverPauseLeaveTheOthersTheirTurn(string version)
    {
        using var folder = new TestFolder();
        await using var service = await TestService.StartAsync(AnswerAsync);
        await using var gateway = await GatewayProcess.RunAsync(folder, new GatewayJson().Https().To(service.Address));
        using var over = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        var floods = new List<Task>();
        for (var i = 0; i < Floods; i++)
        {
            floods.Add(FloodAsync(await Clients.OpenWebSocketAsync(gateway, "/flood", version), over.Token));
        }

        using var call = await Clients.OpenWebSocketAsync(gateway, "/ws", "1.1");
        for (var i = 0; i < 20; i++)
        {
            // A connection of its own: accepted, with its handshake, while they go on.
            using var client = gateway.CreateClient();
            client.Timeout = TimeSpan.FromSeconds(20);
            Assert.Equal("served", await client.GetStringAsync("/", Cancellation));
            await Clients.EchoAsync(call, $"message {i}");
        }

        Assert.All(floods, flood => Assert.False(flood.IsCompleted));
        await over.CancelAsync();
        await Task.WhenAll(floods);
    }

    private static async Task FloodAsync(WebSocket socket, CancellationToken over)
    {
        using (socket)
        {
            var bytes = new byte[256 * 1024];
            try
            {
                while (true)
                {
                    await socket.SendAsync(bytes, WebSocketMessageType.Binary, true, over);
                }
            }
            catch (OperationCanceledException)
            {
                // The test is over.
            }
        }
    }

    // Takes whatever comes on one path, and echoes on the other.
    private static async Task AnswerAsync(HttpContext context)
    {
        if (!context.WebSockets.IsWebSocketRequest)
        {
            await context.Response.WriteAsync("served", context.RequestAborted);
            return;
        }

        using var socket = await context.WebSockets.AcceptWebSocketAsync();
        var buffer = new byte[64 * 1024];
        try
        {
            while (await socket.ReceiveAsync(buffer, context.RequestAborted) is { MessageType: not WebSocketMessageType.Close } received)
            {
                if (context.Request.Path != "/flood")
                {
                    await socket.SendAsync(buffer.AsMemory(0, received.Count), received.MessageType, received.EndOfMessage, context.RequestAborted);
                }
            }
        }
        catch (Exception exception) when (exception is WebSocketException or OperationCanceledException)
        {
            // The gateway or the test has ended.
        }
    }
}
