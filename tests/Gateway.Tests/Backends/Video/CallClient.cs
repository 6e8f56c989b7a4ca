using System.Net.WebSockets;
using System.Text;
using System.Text.Json;

namespace Gateway.Tests.Backends.Video;

/// <summary>The client's end of a call.</summary>
internal sealed class CallClient : IDisposable
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public ClientWebSocket Socket { get; } = new();

    public static async Task<CallClient> ConnectAsync(RunningService service, string query = "")
    {
        var client = new CallClient();
        await client.Socket.ConnectAsync(new UriBuilder(service.Address) { Scheme = "ws", Path = "/ws/video", Query = query }.Uri, Cancel);
        return client;
    }

    public Task SendAsync(object message) => SendTextAsync(JsonSerializer.Serialize(message));

    public Task SendTextAsync(string text) => Socket.SendAsync(Encoding.UTF8.GetBytes(text), WebSocketMessageType.Text, endOfMessage: true, Cancel);

    public Task SendFrameAsync(byte[] jpeg) => SendAsync(new { type = "video", data = Convert.ToBase64String(jpeg) });

    /// <summary>As the page does: 4096 samples a message.</summary>
    public async Task SendSoundAsync(IEnumerable<short> samples)
    {
        foreach (var piece in samples.Chunk(4096))
        {
            await SendAsync(new { type = "audio", data = Convert.ToBase64String(Sounds.Bytes(piece)) });
        }
    }

    /// <summary>The next message; null when the service has closed.</summary>
    public async Task<JsonElement?> ReceiveAsync()
    {
        using var message = new MemoryStream();
        var buffer = new byte[16 << 10];
        WebSocketReceiveResult result;
        do
        {
            result = await Socket.ReceiveAsync(buffer, Cancel).WaitAsync(TimeSpan.FromSeconds(30), Cancel);
            if (result.MessageType == WebSocketMessageType.Close)
            {
                return null;
            }
            Assert.Equal(WebSocketMessageType.Text, result.MessageType);
            message.Write(buffer, 0, result.Count);
        }
        while (!result.EndOfMessage);
        return JsonElement.Parse(message.ToArray());
    }

    /// <summary>The next message, which must have this type.</summary>
    public async Task<JsonElement> ExpectAsync(string type)
    {
        var message = await ReceiveAsync();
        Assert.Equal(type, message?.GetProperty("type").GetString());
        return message!.Value;
    }

    /// <summary>All messages up to and with one of this type.</summary>
    public async Task<List<JsonElement>> ReceiveUntilAsync(string type)
    {
        var messages = new List<JsonElement>();
        do
        {
            messages.Add(await ReceiveAsync() ?? throw new InvalidOperationException($"closed before {type}"));
        }
        while (messages[^1].GetProperty("type").GetString() != type);
        return messages;
    }

    public void Dispose() => Socket.Dispose();
}
