using System.Runtime.CompilerServices;

namespace Gateway.Proxying;

/// <summary>A side that is a stream among others of its connection, or behind somebody else's TLS.</summary>
/// <param name="stream">Read and written.</param>
/// <param name="holdsBack">What is written waits for a flush, as it does in HttpClient's streams over HTTP/2.</param>
internal sealed class StreamEnd(Stream stream, bool holdsBack) : ITunnelEnd
{
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    public async ValueTask WaitAsync(CancellationToken cancellationToken) => _ = await stream.ReadAsync(Memory<byte>.Empty, cancellationToken);

    public ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken) => stream.ReadAsync(buffer, cancellationToken);

    public ValueTask WriteAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken) =>
        holdsBack ? WriteAndFlushAsync(bytes, cancellationToken) : stream.WriteAsync(bytes, cancellationToken);

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    private async ValueTask WriteAndFlushAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
    {
        await stream.WriteAsync(bytes, cancellationToken);
        await stream.FlushAsync(cancellationToken);
    }

    public ValueTask DisposeAsync() => stream.DisposeAsync();
}
