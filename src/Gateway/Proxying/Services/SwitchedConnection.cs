using Gateway.Platform;
using Gateway.Platform.Sockets;

namespace Gateway.Proxying.Services;

/// <summary>The service's side of a WebSocket, after 101: the socket alone, with no buffer. Its users stay in the thread that received, which
/// may be the event loop's: bytes are passed on, and that is all.</summary>
internal sealed class SwitchedConnection : AsynchronousStream
{
    private readonly BufferedSocket _service;

    public SwitchedConnection(BufferedSocket service)
    {
        _service = service;
        service.GoOnInLoop(long.MaxValue);
    }

    /// <summary>For whoever reads and writes it without this stream, which still ends it.</summary>
    public RawConnection Take() => _service.Take();

    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (!_service.HasBuffered)
        {
            // All that came with the head has been read.
            _service.Release();
        }

        return _service.ReadAsync(buffer, cancellationToken);
    }

    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default) =>
        _service.WriteAsync(buffer, cancellationToken);

    public override Task FlushAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public override void Flush()
    {
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _service.Abort();
        }

        base.Dispose(disposing);
    }
}
