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
    private readonly SafeSocketHandle _handle = socket.SafeHandle;
    private readonly int _descriptor = (int)socket.SafeHandle.DangerousGetHandle();
    private readonly LinuxEventLoop _loop = LinuxEventLoop.ForNew();
    private readonly Readiness _bytes = new();
    private readonly Readiness _room = new();
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
        var sent = 0;
        while (sent < bytes.Length && LinuxSockets.Send(_handle, _descriptor, bytes[sent..], isMoreToCome) is > 0 and var more)
        {
            sent += more;
        }

        return sent;
    }

    public override ValueTask SendAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
    {
        var sent = TrySend(bytes.Span);
        return sent == bytes.Length ? ValueTask.CompletedTask : FinishAsync(bytes[sent..], cancellationToken);
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    private async ValueTask FinishAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
    {
        while (!bytes.IsEmpty)
        {
            await WaitForRoomAsync(cancellationToken);
            bytes = bytes[TrySend(bytes.Span)..];
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
