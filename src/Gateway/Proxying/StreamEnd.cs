namespace Gateway.Proxying;

/// <summary>A side that is a stream among others of its connection, or behind somebody else's TLS.</summary>
internal sealed class StreamEnd(Stream stream) : ITunnelEnd
{
    public async ValueTask WaitAsync(CancellationToken cancellationToken) => _ = await stream.ReadAsync(Memory<byte>.Empty, cancellationToken);

    public ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken) => stream.ReadAsync(buffer, cancellationToken);

    public async ValueTask WriteAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
    {
        await stream.WriteAsync(bytes, cancellationToken);
        // HttpClient's streams over HTTP/2 hold back what is written.
        await stream.FlushAsync(cancellationToken);
    }

    public ValueTask DisposeAsync() => stream.DisposeAsync();
}
