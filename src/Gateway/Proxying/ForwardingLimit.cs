using Microsoft.Extensions.ObjectPool;

namespace Gateway.Proxying;

/// <summary>What ends the forwarding of a request: nothing moves for too long, or nobody wants it any more.</summary>
internal sealed class ForwardingLimit : IDisposable
{
    private readonly CancellationTokenSource _source = new();
    private readonly TimeProvider _time;
    private readonly ObjectPool<ForwardingLimit> _home;
    private readonly ITimer _timer;
    private readonly Lock _lock = new();
    // When the timer looks how long nothing has moved, by the clock's timestamps; null when it does not. To set it anew at each move would cost more.
    private long? _due;
    private long _movedAt;
    private bool _isUnderWay;
    private TimeSpan _silence;
    private CancellationToken _client;
    private CancellationToken _caller;
    private CancellationTokenRegistration _ofClient;
    private CancellationTokenRegistration _ofCaller;

    private ForwardingLimit(TimeProvider time, ObjectPool<ForwardingLimit> home)
    {
        (_time, _home) = (time, home);
        _timer = time.CreateTimer(static limit => ((ForwardingLimit)limit!).Look(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    public CancellationToken Token => _source.Token;

    /// <summary>It was not the silence that ended it.</summary>
    public bool IsGivenUp => _client.IsCancellationRequested || _caller.IsCancellationRequested;

    /// <summary>Something has moved.</summary>
    public void Renew() => Volatile.Write(ref _movedAt, _time.GetTimestamp());

    /// <summary>The request is over.</summary>
    public void Dispose()
    {
        _ofClient.Dispose();
        _ofCaller.Dispose();
        (_client, _caller) = (default, default);
        lock (_lock)
        {
            _isUnderWay = false;
        }

        _home.Return(this);
    }

    private ForwardingLimit Begin(TimeSpan silence, CancellationToken client, CancellationToken caller)
    {
        (_client, _caller) = (client, caller);
        lock (_lock)
        {
            var now = _time.GetTimestamp();
            Volatile.Write(ref _movedAt, now);
            (_silence, _isUnderWay) = (silence, true);
            LookAfter(silence, now);
        }

        _ofClient = client.UnsafeRegister(static limit => ((ForwardingLimit)limit!)._source.Cancel(), this);
        _ofCaller = caller.UnsafeRegister(static limit => ((ForwardingLimit)limit!)._source.Cancel(), this);
        return this;
    }

    private void LookAfter(TimeSpan wait, long now)
    {
        // One that looks earlier will look again.
        if (wait != Timeout.InfiniteTimeSpan && !(_due is { } due && _time.GetElapsedTime(now, due) <= wait))
        {
            _due = now + (long)(wait.TotalSeconds * _time.TimestampFrequency);
            _timer.Change(wait, Timeout.InfiniteTimeSpan);
        }
    }

    private void Look()
    {
        // Under the lock to its end: the next request must not be cancelled in place of this one.
        lock (_lock)
        {
            _due = null;
            if (!_isUnderWay || _silence == Timeout.InfiniteTimeSpan)
            {
                return;
            }

            var now = _time.GetTimestamp();
            var left = _silence - _time.GetElapsedTime(Volatile.Read(ref _movedAt), now);
            if (left > TimeSpan.Zero)
            {
                LookAfter(left, now);
            }
            else
            {
                _source.Cancel();
            }
        }
    }

    /// <summary>Those that wait for their next request.</summary>
    /// <param name="time">Clock of the silence.</param>
    public sealed class Pool(TimeProvider time) : PooledObjectPolicy<ForwardingLimit>
    {
        private const int Most = 1024;

        private ObjectPool<ForwardingLimit>? _free;

        private ObjectPool<ForwardingLimit> Free => _free ??= new DefaultObjectPool<ForwardingLimit>(this, Most);

        /// <summary>One for a request that begins.</summary>
        /// <param name="silence">The longest.</param>
        /// <param name="client">The client has gone.</param>
        /// <param name="caller">Anybody else does not want it.</param>
        public ForwardingLimit Begin(TimeSpan silence, CancellationToken client, CancellationToken caller) => Free.Get().Begin(silence, client, caller);

        public override ForwardingLimit Create() => new(time, Free);

        /// <returns>False for one that has ended its request.</returns>
        public override bool Return(ForwardingLimit limit)
        {
            var isReady = limit._source.TryReset();
            if (!isReady)
            {
                limit._timer.Dispose();
                limit._source.Dispose();
            }

            return isReady;
        }
    }
}
