namespace Gateway.Platform.Sockets;

/// <summary>A connection that is nothing but its bytes.</summary>
/// <param name="Socket">What is waited for.</param>
/// <param name="Channel">What is read and written: the socket, or TLS over it.</param>
/// <param name="Rest">What has come and was not read: it is before anything of the channel.</param>
internal sealed record RawConnection(PolledSocket Socket, IByteChannel Channel, ReadOnlyMemory<byte> Rest);
