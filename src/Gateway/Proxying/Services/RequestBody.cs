using System.Buffers;
using System.Globalization;
using Gateway.Platform;

namespace Gateway.Proxying.Services;

/// <summary>A request's body on its way to the service, in chunks (RFC 9112 section 7.1) where its length is not known.</summary>
internal sealed class RequestBody(BufferedSocket service, bool isChunked) : AsynchronousStream
{
    // The length in hexadecimal digits with its line end, and the chunk's.
    private const int Frame = 8 + 2 + 2;

    public override bool CanRead => false;

    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (buffer.IsEmpty)
        {
            // As a chunk it would be the last one.
            return ValueTask.CompletedTask;
        }

        return isChunked ? WriteChunkAsync(buffer, cancellationToken) : service.WriteAsync(buffer, cancellationToken);
    }

    /// <summary>There is no more of it.</summary>
    public ValueTask FinishAsync(CancellationToken cancellationToken) =>
        isChunked ? service.WriteAsync("0\r\n\r\n"u8.ToArray(), cancellationToken) : ValueTask.CompletedTask;

    private async ValueTask WriteChunkAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken)
    {
        var chunk = ArrayPool<byte>.Shared.Rent(buffer.Length + Frame);
        try
        {
            buffer.Length.TryFormat(chunk, out var length, "x", CultureInfo.InvariantCulture);
            "\r\n"u8.CopyTo(chunk.AsSpan(length));
            buffer.Span.CopyTo(chunk.AsSpan(length + 2));
            "\r\n"u8.CopyTo(chunk.AsSpan(length + 2 + buffer.Length));
            await service.WriteAsync(chunk.AsMemory(0, length + 2 + buffer.Length + 2), cancellationToken);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(chunk);
        }
    }

    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) => throw new NotSupportedException();

    // Nothing is held back: the head has gone already.
    public override Task FlushAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public override void Flush()
    {
    }
}
