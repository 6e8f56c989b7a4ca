using System.Net.Sockets;

namespace Gateway.Platform.Sockets;

/// <summary>
/// A connected socket that is asked for what has come, and waited for only when nothing has. On Linux the gateway waits itself
/// (<see cref="LinuxPolledSocket"/>), elsewhere .NET does.
/// </summary>
internal abstract class PolledSocket(Socket socket) : IByteChannel, IDisposable
{
    /// <summary>For its options and addresses; to wait for it there is a matter of this class.</summary>
    public Socket Socket => socket;

    public abstract bool IsDrained { get; }

    /// <summary>Something has come, or the other side's end, and was not taken.</summary>
    public abstract bool HasUnread { get; }

    /// <summary>Whoever waits here goes on in the thread of the <see cref="EventLoop"/>, which must not be held up, and not in the pool.</summary>
    public abstract bool GoesOnInLoop { get; set; }

    /// <summary>Whatever its platform waits with.</summary>
    public static PolledSocket Over(Socket socket) => OperatingSystem.IsLinux() ? new LinuxPolledSocket(socket) : new PortablePolledSocket(socket);

    /// <summary>Waits until there may be something to take.</summary>
    public abstract ValueTask WaitForBytesAsync(CancellationToken cancellationToken);

    /// <summary>Has whoever waits for bytes look whether it still wants to.</summary>
    public abstract void Wake();

    /// <summary>Has somebody told, in the pool, that the other side has ended, or that the connection broke, also while what came before is not
    /// read. It may be told more than once, and where .NET waits it never is.</summary>
    /// <param name="told">Null: nobody any more.</param>
    public virtual void TellEnd(Action? told)
    {
    }

    public abstract int TryReceive(Span<byte> buffer);

    public abstract ValueTask SendAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken);

    /// <summary>Waits until the kernel has all that was sent, which may still be on its way there; ten seconds at most.</summary>
    public virtual ValueTask FinishAsync() => ValueTask.CompletedTask;

    /// <summary>Ends both directions in order; nothing where the other side was faster.</summary>
    public virtual void Shut()
    {
        try
        {
            socket.Shutdown(SocketShutdown.Both);
        }
        catch (Exception exception) when (exception is SocketException or ObjectDisposedException)
        {
            // There is nothing left to end.
        }
    }

    /// <summary>Closes it: whoever reads or writes fails.</summary>
    public virtual void Dispose() => socket.Dispose();
}
