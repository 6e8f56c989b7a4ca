using System.Net;
using System.Net.WebSockets;
using Gateway.Configuration;
using Gateway.Tests.Hosting;

namespace Gateway.Tests.Boundary.Access;

/// <summary>Browsers set no headers for a WebSocket but its subprotocols. Every fact over both versions.</summary>
public sealed class WebSocketAccessTests
{
    private static readonly string Key = ApiKeyHash.CreateKey();

    private static readonly AccessPolicy Policy = new("phone") { ApiKeys = [new ApiKeyOptions("phone app", ApiKeyHash.Of(Key))], Query = "key" };

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private static async Task<ClientWebSocket> ConnectAsync(GuardedService service, string version, string target, params string[] protocols)
    {
        var socket = new ClientWebSocket();
        socket.Options.HttpVersion = Version.Parse(version);
        socket.Options.HttpVersionPolicy = HttpVersionPolicy.RequestVersionExact;
        socket.Options.CollectHttpResponseDetails = true;
        foreach (var protocol in protocols)
        {
            socket.Options.AddSubProtocol(protocol);
        }

        try
        {
            await socket.ConnectAsync(
                new Uri(service.Gateway.At(target).ToString().Replace("https:", "wss:", StringComparison.Ordinal)), service.Gateway.Client, Cancellation);
        }
        catch (WebSocketException)
        {
            // The status says why.
        }

        return socket;
    }

    [Theory]
    [InlineData("1.1", "gateway.key.KEY", "gateway.key.KEY", null)]
    [InlineData("2.0", "gateway.key.KEY", "gateway.key.KEY", null)]
    [InlineData("1.1", "chat,gateway.key.KEY", "chat", "chat")]
    [InlineData("2.0", "chat,gateway.key.KEY", "chat", "chat")]
    [InlineData("1.1", "gateway.key.KEY,other", "gateway.key.KEY", "other")]
    [InlineData("2.0", "gateway.key.KEY,other", "gateway.key.KEY", "other")]
    public async Task AKeyAmongTheSubprotocolsOpensIt(string version, string offered, string chosen, string? atService)
    {
        await using var service = await GuardedService.StartAsync(Policy);

        using var socket = await ConnectAsync(service, version, "/ws", offered.Replace("KEY", Key, StringComparison.Ordinal).Split(','));

        Assert.Equal(WebSocketState.Open, socket.State);
        Assert.Equal(chosen.Replace("KEY", Key, StringComparison.Ordinal), socket.SubProtocol);
        Assert.Equal(WebSocketMessageType.Close, (await socket.ReceiveAsync(new byte[10], Cancellation)).MessageType);
        Assert.Equal(atService, Assert.Single(service.Received).Headers.GetValueOrDefault("Sec-WebSocket-Protocol"));
        await socket.CloseAsync(WebSocketCloseStatus.NormalClosure, null, Cancellation);
        await service.Gateway.Log.WaitForAsync(line => line.Message.Contains("WebSocket closed", StringComparison.Ordinal), Cancellation);
        service.AssertSeenByNobody(Key);
    }

    [Theory]
    [InlineData("1.1")]
    [InlineData("2.0")]
    public async Task AKeyInTheQueryOpensIt(string version)
    {
        await using var service = await GuardedService.StartAsync(Policy);

        using var socket = await ConnectAsync(service, version, $"/ws?room=1&key={Key}");

        Assert.Equal(WebSocketState.Open, socket.State);
        Assert.Null(socket.SubProtocol);
        Assert.Equal("/ws?room=1", Assert.Single(service.Received).Target);
        Assert.Equal(WebSocketMessageType.Close, (await socket.ReceiveAsync(new byte[10], Cancellation)).MessageType);
        await socket.CloseAsync(WebSocketCloseStatus.NormalClosure, null, Cancellation);
        await service.Gateway.Log.WaitForAsync(line => line.Message.Contains("WebSocket closed", StringComparison.Ordinal), Cancellation);
        service.AssertSeenByNobody(Key);
    }

    [Theory]
    [InlineData("1.1", true, "/ws", "gateway.key.wrong")]
    [InlineData("2.0", true, "/ws", "gateway.key.wrong")]
    [InlineData("1.1", true, "/ws", "chat")]
    [InlineData("2.0", true, "/ws?key=wrong", "chat")]
    [InlineData("2.0", true, "/ws", "Gateway.Key.KEY")]
    [InlineData("1.1", true, "/ws", "gateway.key.KEY,gateway.key.KEYx")]
    [InlineData("1.1", false, "/ws", "chat")]
    [InlineData("2.0", false, "/ws", "chat")]
    public async Task WithoutTheRightOneTheHandshakeGets401WhateverTheRouteAllows(string version, bool allowsWebSockets, string target, string offered)
    {
        await using var service = await GuardedService.StartAsync(Policy, allowsWebSockets: allowsWebSockets);

        using var socket = await ConnectAsync(service, version, target, offered.Replace("KEY", Key, StringComparison.Ordinal).Split(','));

        Assert.Equal(HttpStatusCode.Unauthorized, socket.HttpStatusCode);
        Assert.Empty(service.Received);
        service.AssertSeenByNobody(Key);
    }
}
