using System.Threading.Tasks.Sources;

namespace Gateway.Platform.Sockets;

/// <summary>One direction of a socket: whether the kernel has had news since it was last asked, and who waits for them.</summary>
internal sealed class Readiness : IValueTaskSource
{
    private const int Nothing = 0;
    private const int News = 1;
    private const int Awaited = 2;
    private const int Closed = 3;

    private ManualResetValueTaskSourceCore<bool> _waiting;
    private CancellationTokenRegistration _cancellation;
    private int _state;

    /// <summary>Who waits goes on in the event loop's thread, and not in the pool.</summary>
    public bool GoesOnInLoop { get; set; }

    public bool HasNews => Volatile.Read(ref _state) is News or Closed;

    /// <summary>Takes note of the news: those that come from now on are others.</summary>
    public bool TryTake() => Interlocked.CompareExchange(ref _state, Nothing, News) is News or Closed;

    /// <summary>Waits for news. One at a time.</summary>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public ValueTask WaitAsync(CancellationToken cancellationToken)
    {
        if (TryTake())
        {
            return ValueTask.CompletedTask;
        }

        if (cancellationToken.CanBeCanceled)
        {
            cancellationToken.ThrowIfCancellationRequested();
            _cancellation = cancellationToken.UnsafeRegister(static (readiness, token) => ((Readiness)readiness!).Cancel(token), this);
        }

        _waiting.Reset();
        if (Interlocked.CompareExchange(ref _state, Awaited, Nothing) != Nothing)
        {
            _cancellation.Dispose();
            TryTake();
            return ValueTask.CompletedTask;
        }

        var waiting = new ValueTask(this, _waiting.Version);
        if (cancellationToken.IsCancellationRequested)
        {
            // It may have been so a moment before there was somebody to tell.
            Cancel(cancellationToken);
        }

        return waiting;
    }

    /// <summary>There are news.</summary>
    public void Signal()
    {
        while (true)
        {
            var state = Volatile.Read(ref _state);
            if (state is News or Closed || Interlocked.CompareExchange(ref _state, state == Nothing ? News : Nothing, state) == state)
            {
                if (state == Awaited)
                {
                    Complete();
                }

                return;
            }
        }
    }

    /// <summary>Whoever waits, now or later, goes on at once, and finds out.</summary>
    public void Close()
    {
        if (Interlocked.Exchange(ref _state, Closed) == Awaited)
        {
            Complete();
        }
    }

    private void Complete()
    {
        _waiting.RunContinuationsAsynchronously = !(GoesOnInLoop && EventLoop.IsShared && EventLoop.IsCurrent);
        _waiting.SetResult(true);
    }

    private void Cancel(CancellationToken cancellationToken)
    {
        if (Interlocked.CompareExchange(ref _state, Nothing, Awaited) == Awaited)
        {
            _waiting.RunContinuationsAsynchronously = true;
            _waiting.SetException(new OperationCanceledException(cancellationToken));
        }
    }

    void IValueTaskSource.GetResult(short token)
    {
        _cancellation.Dispose();
        _cancellation = default;
        try
        {
            _waiting.GetResult(token);
        }
        finally
        {
            // Until the next wait, which may be far, it would hold on to whoever has waited.
            _waiting.Reset();
        }
    }

    ValueTaskSourceStatus IValueTaskSource.GetStatus(short token) => _waiting.GetStatus(token);

    void IValueTaskSource.OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _waiting.OnCompleted(continuation, state, token, flags);
}
