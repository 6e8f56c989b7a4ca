using System.Net.WebSockets;
using Microsoft.AspNetCore.Http;

namespace Gateway.EndToEnd.Proxying;

/// <summary>What the services of this folder do with a WebSocket.</summary>
internal static class Sockets
{
    /// <summary>Accepts it and sends every message back until the client closes or is gone.</summary>
    public static async Task EchoAsync(HttpContext context)
    {
        using var socket = await context.WebSockets.AcceptWebSocketAsync();
        var buffer = new byte[16 * 1024];
        while (true)
        {
            var received = await socket.ReceiveAsync(buffer.AsMemory(), context.RequestAborted);
            if (received.MessageType == WebSocketMessageType.Close)
            {
                await socket.CloseAsync(socket.CloseStatus!.Value, socket.CloseStatusDescription, context.RequestAborted);
                return;
            }

            await socket.SendAsync(buffer.AsMemory(0, received.Count), received.MessageType, received.EndOfMessage, context.RequestAborted);
        }
    }
}
