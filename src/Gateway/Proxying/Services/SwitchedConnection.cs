using System.Net.Sockets;
using System.Runtime.CompilerServices;
using Gateway.Platform;

namespace Gateway.Proxying.Services;

/// <summary>The service's side of a WebSocket, after 101: the socket alone, with no buffer. Its users stay in the thread that received, which
/// may be the event loop's: bytes are passed on, and that is all.</summary>
internal sealed class SwitchedConnection(BufferedSocket service) : AsynchronousStream
{
    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (service.HasBuffered)
        {
            // It came with the head.
            return ValueTask.FromResult(service.TakeBuffered(buffer.Span));
        }

        service.Release();
        return service.Socket.ReceiveAsync(buffer, SocketFlags.None, cancellationToken);
    }

    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        var sending = service.Socket.SendAsync(buffer, SocketFlags.None, cancellationToken);
        if (!sending.IsCompletedSuccessfully)
        {
            return FinishAsync(sending);
        }

        _ = sending.Result;
        return ValueTask.CompletedTask;
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    private static async ValueTask FinishAsync(ValueTask<int> sending) => await sending;

    public override Task FlushAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public override void Flush()
    {
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            service.Abort();
        }

        base.Dispose(disposing);
    }
}
