using System.Net;
using System.Net.Sockets;
using System.Runtime.CompilerServices;
using System.Runtime.Versioning;

namespace Gateway.Platform.Sockets;

/// <summary>
/// A socket that a <see cref="LinuxEventLoop"/> waits for. It knows when the kernel has nothing more for it and does not ask then: .NET's own way
/// takes three calls of recv() for each message, this one takes one.
/// </summary>
[SupportedOSPlatform("linux")]
internal sealed class LinuxPolledSocket(Socket socket) : PolledSocket(socket)
{
    // Whoever reads at all has read the last few KB by then.
    private static readonly TimeSpan FinishPatience = TimeSpan.FromSeconds(10);

    private readonly SafeSocketHandle _handle = socket.SafeHandle;
    private readonly int _descriptor = (int)socket.SafeHandle.DangerousGetHandle();
    private readonly LinuxEventLoop _loop = LinuxEventLoop.ForNew();
    private readonly Readiness _bytes = new();
    private readonly Readiness _room = new();
    private readonly Lock _sending = new();
    // Counts as sent: the loop's until the end of its turn, after that what there was no room for.
    private ReadOnlyMemory<byte> _held;
    private bool _hasLackedRoom;
    private bool _isWatched;
    private bool _isWatchedForRoom;
    private bool _isDisposed;
    // It gave less than there was room for, after which the kernel tells of anything new.
    private bool _isEmpty;
    // By the other side's end or a failure: no more news come.
    private volatile bool _hasEnded;
    // Of that, in the pool.
    private volatile Action? _told;

    public override bool IsDrained => _isEmpty && !_hasEnded && !_bytes.HasNews;

    /// <summary>For the loop.</summary>
    public int Generation { get; set; }

    public override bool HasUnread => !(_isWatched && IsDrained) && LinuxSockets.Peek(_handle, _descriptor) != LinuxSockets.Nothing;

    public override bool GoesOnInLoop
    {
        get => _bytes.GoesOnInLoop;
        set => _bytes.GoesOnInLoop = _room.GoesOnInLoop = value;
    }

    /// <summary>Connects a socket, or closes it.</summary>
    /// <exception cref="SocketException">Nobody listens there.</exception>
    public static async ValueTask<LinuxPolledSocket> ConnectAsync(Socket socket, EndPoint address, CancellationToken cancellationToken)
    {
        var polled = new LinuxPolledSocket(socket);
        try
        {
            LinuxSockets.DoNotWaitFor(polled._descriptor);
            if (!LinuxSockets.Connect(polled._descriptor, address.Serialize()))
            {
                await polled.WaitForRoomAsync(cancellationToken);
                if ((SocketError)socket.GetSocketOption(SocketOptionLevel.Socket, SocketOptionName.Error)! is not SocketError.Success and var error)
                {
                    throw new SocketException((int)error);
                }
            }

            return polled;
        }
        catch
        {
            polled.Dispose();
            throw;
        }
    }

    public override ValueTask WaitForBytesAsync(CancellationToken cancellationToken)
    {
        if (!_isEmpty || _hasEnded)
        {
            return ValueTask.CompletedTask;
        }

        Watch(forRoom: false);
        _isEmpty = false;
        return _bytes.WaitAsync(cancellationToken);
    }

    public ValueTask WaitForRoomAsync(CancellationToken cancellationToken)
    {
        Watch(forRoom: true);
        return _room.WaitAsync(cancellationToken);
    }

    public override void Wake() => _bytes.Signal();

    public override void TellEnd(Action? told)
    {
        _told = told;
        // Either this sees that it has ended, or the loop sees whom to tell.
        Interlocked.MemoryBarrier();
        if (_hasEnded)
        {
            QueueTelling();
        }
    }

    public override int TryReceive(Span<byte> buffer)
    {
        if (_isEmpty && !_hasEnded && !_bytes.TryTake())
        {
            return -1;
        }

        var received = LinuxSockets.Receive(_handle, _descriptor, buffer);
        _isEmpty = received < buffer.Length;
        return received;
    }

    /// <summary>Sends as much as the kernel takes now.</summary>
    /// <param name="bytes">What there is.</param>
    /// <param name="isMoreToCome">Right after it: the kernel need not send half a packet.</param>
    /// <returns>How much that was.</returns>
    public int TrySend(ReadOnlySpan<byte> bytes, bool isMoreToCome = false)
    {
        lock (_sending)
        {
            if (!TrySendHeld())
            {
                return 0;
            }

            // Where there was no room once there may be none again, and the user has to know.
            return !isMoreToCome && !_hasLackedRoom && !_isDisposed && LinuxEventLoop.TryHold(this, bytes, ref _held) ? bytes.Length : Send(bytes, isMoreToCome);
        }
    }

    public override ValueTask FinishAsync() => TrySendLast() ? ValueTask.CompletedTask : SendLastAsync();

    public override void Shut()
    {
        TrySendLast();
        base.Shut();
    }

    public override ValueTask SendAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
    {
        var sent = TrySend(bytes.Span);
        return sent == bytes.Length ? ValueTask.CompletedTask : SendRestAsync(bytes[sent..], cancellationToken);
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    private async ValueTask SendRestAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
    {
        while (!bytes.IsEmpty)
        {
            await WaitForRoomAsync(cancellationToken);
            bytes = bytes[TrySend(bytes.Span)..];
        }
    }

    private int Send(ReadOnlySpan<byte> bytes, bool isMoreToCome = false)
    {
        var sent = 0;
        while (sent < bytes.Length && LinuxSockets.Send(_handle, _descriptor, bytes[sent..], isMoreToCome) is > 0 and var more)
        {
            sent += more;
        }

        _hasLackedRoom |= sent < bytes.Length;
        return sent;
    }

    // Under the lock. What fails is not tried again.
    private bool TrySendHeld()
    {
        if (_held.IsEmpty)
        {
            return true;
        }

        var held = _held;
        _held = default;
        var sent = Send(held.Span);
        if (sent < held.Length)
        {
            // The loop needs its memory.
            _held = held[sent..].ToArray();
        }

        return _held.IsEmpty;
    }

    /// <returns>Whether nothing is left.</returns>
    private bool TrySendLast()
    {
        try
        {
            lock (_sending)
            {
                return TrySendHeld();
            }
        }
        catch (Exception exception) when (exception is SocketException or ObjectDisposedException)
        {
            // The other side was faster: there is nobody to send it to.
            return true;
        }
    }

    private async ValueTask SendLastAsync()
    {
        using var patience = new CancellationTokenSource(FinishPatience);
        try
        {
            do
            {
                await WaitForRoomAsync(patience.Token);
            }
            while (!TrySendLast());
        }
        catch (OperationCanceledException)
        {
            // It has not read for so long.
        }
    }

    /// <summary>By the loop: at the end of the turn in which it has kept something, and when there is room again.</summary>
    internal void SendHeld()
    {
        try
        {
            lock (_sending)
            {
                if (TrySendHeld())
                {
                    return;
                }
            }

            Watch(forRoom: true);
        }
        catch (Exception exception) when (exception is SocketException or ObjectDisposedException)
        {
            // Its user believes that it was sent, and learns by the end that it was not.
            Shut();
        }
    }

    /// <summary>By the loop.</summary>
    internal void OnEvents(LinuxEvents events)
    {
        if ((events & (LinuxEvents.End | LinuxEvents.HangUp | LinuxEvents.Error)) != 0)
        {
            _hasEnded = true;
            Interlocked.MemoryBarrier();
            QueueTelling();
        }

        if ((events & (LinuxEvents.Room | LinuxEvents.HangUp | LinuxEvents.Error)) != 0)
        {
            SendHeld();
            _room.Signal();
        }

        if ((events & ~LinuxEvents.Room) != 0)
        {
            _bytes.Signal();
        }
    }

    // Whoever is told may do much and take long.
    private void QueueTelling()
    {
        if (_told is not null)
        {
            ThreadPool.UnsafeQueueUserWorkItem(static socket => socket._told?.Invoke(), this, preferLocal: false);
        }
    }

    public override void Dispose()
    {
        TrySendLast();
        lock (_bytes)
        {
            if (_isDisposed)
            {
                return;
            }

            _isDisposed = true;
            if (_isWatched)
            {
                _loop.Forget(_descriptor, this);
            }
        }

        base.Dispose();
        _bytes.Close();
        _room.Close();
    }

    // Only when first waited for, and for room only when first there was none: a client that is served at once is never watched.
    private void Watch(bool forRoom)
    {
        if (forRoom ? _isWatchedForRoom : _isWatched)
        {
            return;
        }

        lock (_bytes)
        {
            if (_isDisposed)
            {
                return;
            }

            _loop.Watch(_descriptor, this, _isWatched, forRoom || _isWatchedForRoom);
            (_isWatched, _isWatchedForRoom) = (true, forRoom || _isWatchedForRoom);
        }
    }
}
