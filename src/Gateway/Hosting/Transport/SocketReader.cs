using System.Buffers;
using System.IO.Pipelines;
using System.Threading.Tasks.Sources;
using Gateway.Platform;
using Gateway.Platform.Sockets;

namespace Gateway.Hosting.Transport;

/// <summary>
/// Reads from a connection, into one block that is only there while it holds something. It receives also when nobody reads, as far as there is
/// room: that is how a client's end is noticed during a request.
/// </summary>
/// <param name="socket">What is waited for.</param>
/// <param name="channel">What is read: the socket's bytes, or those that TLS has made of them.</param>
/// <param name="connection">Told when somebody first reads: before that nothing is received.</param>
internal sealed class SocketReader(PolledSocket socket, IByteChannel channel, SocketConnection connection) : PipeReader, IValueTaskSource<ReadResult>, IValueTaskSource
{
    private const int BlockSize = 64 * 1024;

    // A reader that wants more of what it has without taking any, such as a header that is not complete. HTTP has lower limits of its own.
    private const int MaxSize = 1024 * 1024;
    private const int LeastRoom = 4 * 1024;

    // One after the other without a wait; then the event loop's other sockets have their turn.
    private const int RoundsInEventLoop = 8;

    private readonly Lock _lock = new();
    private ManualResetValueTaskSourceCore<ReadResult> _read;
    private ManualResetValueTaskSourceCore<bool> _room;
    private CancellationTokenRegistration _cancellation;
    private byte[] _block = [];
    // Of the block: what is unread, and how far the reader has looked.
    private int _start;
    private int _end;
    private int _examined;
    private Exception? _error;
    private bool _isEnded;
    private bool _isCanceled;
    private bool _isCompleted;
    private bool _hasBegun;
    private volatile bool _isStopped;
    // The reader waits for bytes; or it looks at the block. The loop waits for room; or it writes into the block.
    private bool _isAwaited;
    private bool _isHeld;
    private bool _isRoomAwaited;
    private bool _isReceiving;

    /// <summary>As <see cref="IEventLoopFeature.MostBytes"/>.</summary>
    public int MostBytesInEventLoop { get; set; }

    /// <summary>Receives until the client's end, the reader's, or <see cref="Stop"/>.</summary>
    public async Task ReceiveAsync()
    {
        var isAllTaken = false;
        for (var round = 1; ; round++)
        {
            // An idle connection holds no block. Stop says so before it wakes: its wake may just have been taken for news of the socket.
            if (isAllTaken && !_isStopped)
            {
                var news = socket.WaitForBytesAsync(CancellationToken.None);
                round = news.IsCompleted ? round : 1;
                await news;
                if (connection.IsShut)
                {
                    // By the gateway itself, which woke it. To ask would throw, and that costs as much as a request.
                    return;
                }
            }

            Memory<byte> room;
            while (!TryPrepare(out room))
            {
                await new ValueTask(this, _room.Version);
            }

            if (room.IsEmpty)
            {
                return;
            }

            var received = channel.TryReceive(room.Span);
            if (EventLoop.IsCurrent && (received == 0 || received > MostBytesInEventLoop || round > RoundsInEventLoop))
            {
                round = 1;
                await Task.Yield();
            }

            if (!Publish(received) || received == 0)
            {
                return;
            }

            isAllTaken = received < 0 || channel.IsDrained;
        }
    }

    /// <summary>Has <see cref="ReceiveAsync"/> end, with nothing lost.</summary>
    public void Stop()
    {
        bool isRoomAwaited;
        lock (_lock)
        {
            _isStopped = true;
            isRoomAwaited = _isRoomAwaited;
            _isRoomAwaited = false;
        }

        if (_hasBegun)
        {
            socket.Wake();
        }

        if (isRoomAwaited)
        {
            _room.SetResult(true);
        }
    }

    /// <summary>Whether <see cref="Stop"/> ends, or has ended, it.</summary>
    public bool IsStopped => _isStopped;

    /// <summary>What is left unread, after <see cref="Stop"/>.</summary>
    public byte[] TakeRest()
    {
        lock (_lock)
        {
            var rest = _block.AsSpan(_start, _end - _start).ToArray();
            Release();
            return rest;
        }
    }

    /// <summary>Nothing more comes.</summary>
    public void End(Exception? error)
    {
        bool isAwaited;
        lock (_lock)
        {
            (_isEnded, _error, _isReceiving) = (true, error, false);
            isAwaited = TakeAwaited();
            if (_isCompleted)
            {
                Release();
            }
        }

        if (isAwaited)
        {
            CompleteRead();
        }
    }

    public override ValueTask<ReadResult> ReadAsync(CancellationToken cancellationToken = default)
    {
        if (TryRead(out var result))
        {
            return ValueTask.FromResult(result);
        }

        _cancellation = cancellationToken.UnsafeRegister(static (reader, token) => ((SocketReader)reader!).OnCanceled(token), this);
        lock (_lock)
        {
            if (!IsReady && !cancellationToken.IsCancellationRequested)
            {
                _read.Reset();
                _isAwaited = true;
                return new ValueTask<ReadResult>(this, _read.Version);
            }
        }

        _cancellation.Dispose();
        cancellationToken.ThrowIfCancellationRequested();
        lock (_lock)
        {
            return ValueTask.FromResult(Take());
        }
    }

    public override bool TryRead(out ReadResult result)
    {
        if (!_hasBegun)
        {
            _hasBegun = true;
            connection.BeginReceiving();
        }

        lock (_lock)
        {
            result = IsReady ? Take() : default;
            return _isHeld;
        }
    }

    public override void AdvanceTo(SequencePosition consumed) => AdvanceTo(consumed, consumed);

    public override void AdvanceTo(SequencePosition consumed, SequencePosition examined)
    {
        bool isRoomAwaited;
        lock (_lock)
        {
            _isHeld = false;
            if (consumed.GetObject() is not null)
            {
                _start = consumed.GetInteger();
                _examined = Math.Max(_start, examined.GetInteger());
            }

            if (_start == _end && !_isReceiving)
            {
                Release();
            }

            isRoomAwaited = _isRoomAwaited;
            _isRoomAwaited = false;
        }

        if (isRoomAwaited)
        {
            _room.SetResult(true);
        }
    }

    public override void CancelPendingRead()
    {
        bool isAwaited;
        lock (_lock)
        {
            _isCanceled = true;
            isAwaited = TakeAwaited();
        }

        if (isAwaited)
        {
            CompleteRead();
        }
    }

    public override void Complete(Exception? exception = null)
    {
        bool isRoomAwaited;
        lock (_lock)
        {
            (_isCompleted, _isHeld) = (true, false);
            if (!_isReceiving)
            {
                Release();
            }

            isRoomAwaited = _isRoomAwaited;
            _isRoomAwaited = false;
        }

        if (isRoomAwaited)
        {
            _room.SetResult(true);
        }
    }

    private bool IsReady => _end > _examined || _isEnded || _isCanceled;

    // Under the lock.
    private ReadResult Take()
    {
        if (_end == _start && _error is { } error && !_isCanceled)
        {
            throw error;
        }

        var result = new ReadResult(new ReadOnlySequence<byte>(_block, _start, _end - _start), _isCanceled, _isEnded);
        _isCanceled = false;
        _isHeld = true;
        return result;
    }

    // Under the lock.
    private bool TakeAwaited()
    {
        var isAwaited = _isAwaited;
        _isAwaited = false;
        return isAwaited;
    }

    /// <returns>False when there is no room before the reader has taken something; empty room when it never will.</returns>
    private bool TryPrepare(out Memory<byte> room)
    {
        lock (_lock)
        {
            room = default;
            if (_isCompleted || _isStopped)
            {
                return true;
            }

            if (_block.Length == 0)
            {
                _block = ArrayPool<byte>.Shared.Rent(BlockSize);
            }
            else if (_block.Length - _end < LeastRoom && !_isHeld && _examined == _end && _end - _start < MaxSize)
            {
                Move();
            }

            if (_block.Length - _end < LeastRoom)
            {
                _room.Reset();
                _isRoomAwaited = true;
                return false;
            }

            room = _block.AsMemory(_end);
            _isReceiving = true;
            return true;
        }
    }

    // To the block's beginning, or into a larger one.
    private void Move()
    {
        var unread = _block.AsSpan(_start, _end - _start);
        if (unread.Length <= _block.Length / 2)
        {
            unread.CopyTo(_block);
        }
        else
        {
            var larger = ArrayPool<byte>.Shared.Rent(2 * _block.Length);
            unread.CopyTo(larger);
            ArrayPool<byte>.Shared.Return(_block);
            _block = larger;
        }

        (_start, _end, _examined) = (0, unread.Length, unread.Length);
    }

    private bool Publish(int received)
    {
        bool isAwaited;
        lock (_lock)
        {
            _isReceiving = false;
            _end += Math.Max(0, received);
            if (_isCompleted || (_start == _end && !_isHeld))
            {
                Release();
            }

            if (_isCompleted)
            {
                return false;
            }

            isAwaited = received > 0 && TakeAwaited();
        }

        if (isAwaited)
        {
            CompleteRead();
        }

        return true;
    }

    private void CompleteRead()
    {
        _cancellation.Dispose();
        ReadResult result;
        try
        {
            lock (_lock)
            {
                result = Take();
            }
        }
        catch (Exception exception)
        {
            _read.SetException(exception);
            return;
        }

        _read.SetResult(result);
    }

    private void OnCanceled(CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            if (!TakeAwaited())
            {
                return;
            }
        }

        _read.SetException(new OperationCanceledException(cancellationToken));
    }

    // Under the lock.
    private void Release()
    {
        if (_block.Length > 0)
        {
            ArrayPool<byte>.Shared.Return(_block);
        }

        (_block, _start, _end, _examined) = ([], 0, 0, 0);
    }

    ReadResult IValueTaskSource<ReadResult>.GetResult(short token) => _read.GetResult(token);

    ValueTaskSourceStatus IValueTaskSource<ReadResult>.GetStatus(short token) => _read.GetStatus(token);

    void IValueTaskSource<ReadResult>.OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _read.OnCompleted(continuation, state, token, flags);

    void IValueTaskSource.GetResult(short token) => _room.GetResult(token);

    ValueTaskSourceStatus IValueTaskSource.GetStatus(short token) => _room.GetStatus(token);

    void IValueTaskSource.OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _room.OnCompleted(continuation, state, token, flags);
}
