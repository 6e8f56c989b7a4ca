using Gateway.Platform.Sockets;

namespace Gateway.Proxying;

/// <summary>
/// A side of which nothing but the bytes is left. One read takes all that is there already, so that a message of many TLS records becomes few
/// writes to the other side.
/// </summary>
/// <param name="connection">What is left of it.</param>
/// <param name="owner">Ends it.</param>
internal sealed class SocketEnd(RawConnection connection, IAsyncDisposable owner) : ITunnelEnd
{
    private readonly PolledSocket _socket = connection.Socket;
    private readonly IByteChannel _channel = connection.Channel;
    private ReadOnlyMemory<byte> _rest = connection.Rest;
    // At the last read; what has come since then the socket knows.
    private bool _wasEmpty;

    public ValueTask WaitAsync(CancellationToken cancellationToken) =>
        _wasEmpty ? _socket.WaitForBytesAsync(cancellationToken) : ValueTask.CompletedTask;

    public ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken)
    {
        if (!_rest.IsEmpty)
        {
            var count = Math.Min(_rest.Length, buffer.Length);
            _rest[..count].CopyTo(buffer);
            _rest = _rest[count..];
            return ValueTask.FromResult(count);
        }

        var read = _channel.TryReceive(buffer.Span);
        _wasEmpty = read < 0 || _channel.IsDrained;
        return ValueTask.FromResult(read);
    }

    public ValueTask WriteAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken) => _channel.SendAsync(bytes, cancellationToken);

    public ValueTask DisposeAsync() => owner.DisposeAsync();
}
