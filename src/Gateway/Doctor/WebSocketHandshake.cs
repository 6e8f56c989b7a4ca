using System.Net.WebSockets;

namespace Gateway.Doctor;

/// <summary>Opens one WebSocket as a page would, holds it for a while, and closes it. Says nothing: what services expect to hear differs.</summary>
internal static class WebSocketHandshake
{
    private static readonly TimeSpan TimeToOpen = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan TimeToClose = TimeSpan.FromSeconds(1);

    /// <param name="address">ws or wss.</param>
    /// <param name="origin">Of the page.</param>
    /// <param name="client">How to connect.</param>
    /// <param name="hold">How long it must stay open.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public static async Task<HandshakeAnswer> TryAsync(Uri address, Uri origin, HttpMessageInvoker client, TimeSpan hold, CancellationToken cancellationToken)
    {
        using var socket = new ClientWebSocket();
        socket.Options.CollectHttpResponseDetails = true;
        socket.Options.KeepAliveInterval = TimeSpan.Zero;
        socket.Options.SetRequestHeader("Origin", origin.GetLeftPart(UriPartial.Authority));
        socket.Options.SetRequestHeader("User-Agent", "gateway-doctor");
        using var opening = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        opening.CancelAfter(TimeToOpen);
        try
        {
            await socket.ConnectAsync(address, client, opening.Token);
        }
        catch (WebSocketException e) when (socket.HttpStatusCode != 0)
        {
            return new HandshakeAnswer(address.AbsolutePath, (int)socket.HttpStatusCode is 101 ? null : (int)socket.HttpStatusCode, e.Message);
        }
        catch (WebSocketException e)
        {
            return new HandshakeAnswer(address.AbsolutePath, null, e.GetBaseException().Message);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return new HandshakeAnswer(address.AbsolutePath, null, $"no answer within {TimeToOpen.TotalSeconds:0} s");
        }

        return await HoldAsync(socket, address.AbsolutePath, hold, cancellationToken);
    }

    private static async Task<HandshakeAnswer> HoldAsync(ClientWebSocket socket, string path, TimeSpan hold, CancellationToken cancellationToken)
    {
        var began = TimeProvider.System.GetTimestamp();
        var buffer = new byte[16 * 1024];
        string? failure = null;
        // A read that is cancelled would abort the socket, and it is to be closed properly.
        var closed = ReadToEndAsync(socket, buffer);
        if (await Task.WhenAny(closed, Task.Delay(hold, cancellationToken)) == closed)
        {
            failure = await closed;
        }

        var held = TimeProvider.System.GetElapsedTime(began);
        using var closing = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        closing.CancelAfter(TimeToClose);
        try
        {
            await socket.CloseOutputAsync(WebSocketCloseStatus.NormalClosure, null, closing.Token);
            await closed.WaitAsync(closing.Token);
        }
        catch (Exception e) when (e is WebSocketException or OperationCanceledException or ObjectDisposedException)
        {
            // It has told us what we wanted to know.
        }

        return new HandshakeAnswer(path, 101, failure) { Held = held };
    }

    private static async Task<string> ReadToEndAsync(ClientWebSocket socket, byte[] buffer)
    {
        try
        {
            while (await socket.ReceiveAsync(buffer.AsMemory(), CancellationToken.None) is { MessageType: not WebSocketMessageType.Close })
            {
            }

            return $"was closed with code {(int)(socket.CloseStatus ?? WebSocketCloseStatus.Empty)}{(socket.CloseStatusDescription is { Length: > 0 } reason ? $" ('{reason}')" : "")}";
        }
        catch (Exception e) when (e is WebSocketException or IOException or ObjectDisposedException)
        {
            return "was cut off without a close frame";
        }
    }
}
