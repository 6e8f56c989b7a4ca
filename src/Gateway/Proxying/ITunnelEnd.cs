namespace Gateway.Proxying;

/// <summary>One side of a tunnel. Unlike a <see cref="Stream"/> it can say that nothing has come yet: whoever waits holds no buffer.</summary>
internal interface ITunnelEnd : IAsyncDisposable
{
    /// <summary>Waits until there may be something to read.</summary>
    ValueTask WaitAsync(CancellationToken cancellationToken);

    /// <summary>Reads.</summary>
    /// <returns>0 at the end; -1 when nothing has come.</returns>
    ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken);

    /// <summary>Sends all of it, at once.</summary>
    ValueTask WriteAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken);
}
