using System.Buffers;
using System.Net.WebSockets;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Backends.Video;

/// <summary>JSON text messages over a WebSocket, each of at most <see cref="LongestMessage"/> bytes.</summary>
internal sealed class MessageSocket(WebSocket socket)
{
    public const int LongestMessage = 8 << 20;

    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web) { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
    private static readonly TimeSpan SendLimit = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan GoodbyeLimit = TimeSpan.FromMilliseconds(500);
    private ArrayBufferWriter<byte> _message = new(64 << 10);
    private Task<ReadOnlyMemory<byte>?> _receiving = Task.FromResult<ReadOnlyMemory<byte>?>(null);

    /// <summary>The next message, valid until the next call; null when the peer has closed.</summary>
    /// <remarks>Takes no token: a receive that is cancelled aborts the connection without a close frame. Wait for it with a limit.</remarks>
    /// <exception cref="InvalidDataException">The message is too long.</exception>
    public Task<ReadOnlyMemory<byte>?> ReceiveAsync() => _receiving = ReceiveOneAsync();

    /// <summary>Sends one message; a client that takes nothing for 30 s is gone.</summary>
    public async Task SendAsync<T>(T message, CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(SendLimit);
        await socket.SendAsync(JsonSerializer.SerializeToUtf8Bytes(message, Json), WebSocketMessageType.Text, endOfMessage: true, limit.Token);
    }

    /// <summary>Closes, and reads on for half a second until the peer has closed as well.</summary>
    /// <remarks>Without reading on, what the peer is still sending would reset the connection before it sees the close frame.</remarks>
    public async Task CloseAsync(WebSocketCloseStatus status, string reason)
    {
        if (socket.State is not (WebSocketState.Open or WebSocketState.CloseReceived))
        {
            return;
        }
        using var limit = new CancellationTokenSource(GoodbyeLimit);
        try
        {
            await socket.CloseOutputAsync(status, reason, limit.Token);
            while (socket.State == WebSocketState.CloseSent)
            {
                await (_receiving.IsCompleted ? ReceiveAsync() : _receiving).WaitAsync(limit.Token);
            }
        }
        catch (Exception failure) when (failure is WebSocketException or OperationCanceledException or InvalidDataException)
        {
            // It is gone already, or in no hurry to go.
        }
    }

    private async Task<ReadOnlyMemory<byte>?> ReceiveOneAsync()
    {
        _message.ResetWrittenCount();
        if (_message.Capacity > 1 << 20)
        {
            _message = new ArrayBufferWriter<byte>(64 << 10);
        }
        while (true)
        {
            var result = await socket.ReceiveAsync(_message.GetMemory(16 << 10), CancellationToken.None);
            if (result.MessageType == WebSocketMessageType.Close)
            {
                return null;
            }
            _message.Advance(result.Count);
            if (_message.WrittenCount > LongestMessage)
            {
                throw new InvalidDataException($"a message may have {LongestMessage >> 20} MB");
            }
            if (result.EndOfMessage)
            {
                return _message.WrittenMemory;
            }
        }
    }
}
