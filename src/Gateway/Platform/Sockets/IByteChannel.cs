namespace Gateway.Platform.Sockets;

/// <summary>What is received and sent over a connection: a socket's bytes, or what TLS makes of them. One reader and one writer at a time.</summary>
internal interface IByteChannel
{
    /// <summary>Nothing can be there before the socket has news.</summary>
    bool IsDrained { get; }

    /// <summary>Takes what has come.</summary>
    /// <returns>Less than there is room for when that is all; 0 at the other side's end; -1 when nothing has come.</returns>
    /// <exception cref="System.Net.Sockets.SocketException">The connection broke.</exception>
    /// <exception cref="ObjectDisposedException">It was closed here.</exception>
    /// <exception cref="IOException">What came is no TLS.</exception>
    int TryReceive(Span<byte> buffer);

    /// <summary>Sends all of it.</summary>
    /// <exception cref="System.Net.Sockets.SocketException">The connection broke.</exception>
    /// <exception cref="ObjectDisposedException">It was closed here.</exception>
    /// <exception cref="IOException">TLS has failed.</exception>
    ValueTask SendAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken);
}
