using System.Net.Sockets;

namespace Gateway.Platform.Sockets;

/// <summary>Where .NET waits for sockets.</summary>
internal sealed class PortablePolledSocket : PolledSocket
{
    private readonly CancellationTokenSource _awake = new();

    public PortablePolledSocket(Socket socket)
        : base(socket) => socket.Blocking = false;

    public override bool IsDrained => false;

    public override bool HasUnread => Socket.Poll(TimeSpan.Zero, SelectMode.SelectRead);

    public override bool GoesOnInLoop
    {
        get => false;
        set
        {
            // There is none.
        }
    }

    public override async ValueTask WaitForBytesAsync(CancellationToken cancellationToken)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, _awake.Token);
        try
        {
            await Socket.ReceiveAsync(Memory<byte>.Empty, SocketFlags.None, either.Token);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            // Woken.
        }
        catch (Exception exception) when (exception is SocketException or ObjectDisposedException)
        {
            // The next attempt to receive says it.
        }
    }

    public override void Wake() => _awake.Cancel();

    public override int TryReceive(Span<byte> buffer)
    {
        var received = Socket.Receive(buffer, SocketFlags.None, out var error);
        return error switch
        {
            SocketError.Success => received,
            SocketError.WouldBlock => -1,
            _ => throw new SocketException((int)error),
        };
    }

    public override async ValueTask SendAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken) =>
        await Socket.SendAsync(bytes, SocketFlags.None, cancellationToken);

    public override void Dispose()
    {
        base.Dispose();
        _awake.Cancel();
    }
}
