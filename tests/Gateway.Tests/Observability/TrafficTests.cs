using System.Net.WebSockets;
using Gateway.Observability;
using Gateway.Proxying;
using Gateway.Tests.Hosting;
using Microsoft.AspNetCore.Http;

namespace Gateway.Tests.Observability;

public sealed class TrafficTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private static Task<TestService> StartServiceAsync() => TestService.StartAsync(async context =>
    {
        if (!context.WebSockets.IsWebSocketRequest)
        {
            await context.Request.Body.CopyToAsync(Stream.Null, Cancellation);
            context.Response.StatusCode = context.Request.Path == "/missing" ? 404 : 200;
            await context.Response.WriteAsync("12345", Cancellation);
            return;
        }

        using var socket = await context.WebSockets.AcceptWebSocketAsync();
        var buffer = new byte[100];
        while (await socket.ReceiveAsync(buffer.AsMemory(), Cancellation) is { MessageType: not WebSocketMessageType.Close } received)
        {
            await socket.SendAsync(buffer.AsMemory(0, received.Count), WebSocketMessageType.Binary, true, Cancellation);
        }

        await socket.CloseOutputAsync(socket.CloseStatus ?? WebSocketCloseStatus.Empty, null, Cancellation);
    });

    private static async Task UntilAsync(Func<bool> holds)
    {
        while (!holds())
        {
            await Task.Delay(10, Cancellation);
        }
    }

    [Fact]
    public async Task RequestsAreCountedByRouteAndStatusWithTheirBytes()
    {
        await using var service = await StartServiceAsync();
        await using var gateway = await TestGateway.StartAsync(TestConfiguration.ForService(service.Address));
        var traffic = gateway.Service<Traffic>();

        using var posted = await gateway.Client.PostAsync(gateway.At("/"), new ByteArrayContent(new byte[1000]), Cancellation);
        using var missing = await gateway.Client.GetAsync(gateway.At("/missing"), Cancellation);
        await UntilAsync(() => traffic.Of("all").Totals().Requests == 2);

        Assert.Equal([200, 404], traffic.Of("all").Statuses.Select(status => status.Status));
        var totals = traffic.Of("all").Totals();
        Assert.Equal((1, 0, 1000, 10), (totals.ClientErrors, totals.ServerErrors, totals.BytesReceived, totals.BytesSent));
        Assert.Equal(0, traffic.InProgress);
    }

    [Fact]
    public async Task ACallIsACallWithItsMessagesBytesAndCloseCode()
    {
        await using var service = await StartServiceAsync();
        await using var gateway = await TestGateway.StartAsync(TestConfiguration.ForService(service.Address));
        var traffic = gateway.Service<Traffic>();
        var calls = traffic.Of("all").Calls;
        using var call = await gateway.ConnectWebSocketAsync("/ws/video?key=secret", Version.Parse("1.1"), Cancellation);
        for (var i = 0; i < 3; i++)
        {
            await call.SendAsync(new byte[50], WebSocketMessageType.Binary, true, Cancellation);
            await call.ReceiveAsync(new byte[100].AsMemory(), Cancellation);
        }

        traffic.Collect();
        // Frame headers: 6 bytes from a client, which masks, and 2 from a service.
        Assert.Equal(new CallBytes(168, 156, 3, 3), calls.Bytes);
        var open = Assert.Single(traffic.Calls);
        Assert.Equal(("all", "127.0.0.1", "/ws/video"), (open.Route, open.Client, open.Path));

        await call.CloseAsync((WebSocketCloseStatus)4001, null, Cancellation);
        await UntilAsync(() => traffic.Calls.Count == 0);

        Assert.Equal(1, calls.Opened);
        Assert.Equal(new CallClosing(WebSocketPeer.Client, "4001"), Assert.Single(calls.Closed).Key);
        Assert.Equal(3, calls.Bytes.MessagesFromClient);
        Assert.Equal(168 + 8, calls.Bytes.FromClient);
        Assert.Equal(0, traffic.Of("all").Totals().Requests);
    }

    [Fact]
    public async Task ACallThatIsCutHasCode1006AndOneWithoutACode1005()
    {
        await using var service = await StartServiceAsync();
        await using var gateway = await TestGateway.StartAsync(TestConfiguration.ForService(service.Address));
        var traffic = gateway.Service<Traffic>();
        using (var cut = await gateway.ConnectWebSocketAsync("/ws/", Version.Parse("1.1"), Cancellation))
        {
            cut.Abort();
        }

        using var call = await gateway.ConnectWebSocketAsync("/ws/", Version.Parse("1.1"), Cancellation);
        await call.CloseAsync(WebSocketCloseStatus.Empty, null, Cancellation);
        await UntilAsync(() => traffic.Of("all").Calls.Closed.Count == 2);

        Assert.Equal(["1005", "1006"], traffic.Of("all").Calls.Closed.Keys.Select(closing => closing.Code).Order());
    }

    [Fact]
    public void CloseCodesThatSomebodyMakesUpDoNotGrowWithoutEnd()
    {
        var calls = new CallTraffic();
        for (var code = 3000; code < 4999; code++)
        {
            calls.CountClosed(new CallClosing(WebSocketPeer.Client, $"{code}"));
        }

        Assert.InRange(calls.Closed.Count, 2, 50);
        Assert.Equal(1999, calls.Closed.Values.Sum());
        Assert.True(calls.Closed.ContainsKey(new CallClosing(WebSocketPeer.Client, "other")));
    }

    [Fact]
    public void AStatusBeyondTheUsualOnesIsCounted()
    {
        var route = new RouteTraffic("r");
        route.Count(999, TimeSpan.Zero, 0, 0);
        route.Count(12345, TimeSpan.Zero, 0, 0);
        Assert.Equal(2, route.Totals().Requests);
    }
}
