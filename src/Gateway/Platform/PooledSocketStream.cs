using System.Net.Sockets;

namespace Gateway.Platform;

/// <summary>A socket's stream whose users never run in the <see cref="EventLoop"/>: they verify certificates or write files.</summary>
internal sealed class PooledSocketStream(Socket socket) : NetworkStream(socket, ownsSocket: true)
{
    /// <summary>For <see cref="SocketsHttpHandler.ConnectCallback"/>; connects as the handler does by itself.</summary>
    public static async ValueTask<Stream> ConnectAsync(SocketsHttpConnectionContext context, CancellationToken cancellationToken)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(context.DnsEndPoint, cancellationToken);
        }
        catch
        {
            socket.Dispose();
            throw;
        }

        if (EventLoop.IsCurrent)
        {
            await Task.Yield();
        }

        return new PooledSocketStream(socket);
    }

    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        var reading = base.ReadAsync(buffer, cancellationToken);
        return reading.IsCompleted ? reading : EventLoop.LeaveAfterAsync(reading);
    }

    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        var writing = base.WriteAsync(buffer, cancellationToken);
        return writing.IsCompleted ? writing : EventLoop.LeaveAfterAsync(writing);
    }
}
