using System.Diagnostics;

namespace Gateway.Tests.Acme;

/// <summary>
/// A clock for flows that wait for a real peer: each pause (Task.Delay) leaps over its whole length at once, while a time
/// limit (CancellationTokenSource) runs out only when the clock has passed it. A flow of hours takes as long as its requests.
/// </summary>
internal sealed class LeapingTime(DateTimeOffset start) : TimeProvider
{
    private readonly Lock _gate = new();
    private readonly List<Limit> _limits = [];
    private readonly List<TimeSpan> _pauses = [];
    private DateTimeOffset _now = start;

    public LeapingTime()
        : this(new DateTimeOffset(2026, 9, 1, 12, 0, 0, TimeSpan.Zero))
    {
    }

    /// <summary>The pauses that were made, in order.</summary>
    public IReadOnlyList<TimeSpan> Pauses
    {
        get
        {
            lock (_gate)
            {
                return [.. _pauses];
            }
        }
    }

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override DateTimeOffset GetUtcNow()
    {
        lock (_gate)
        {
            return _now;
        }
    }

    public override long GetTimestamp() => GetUtcNow().UtcTicks;

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        Debug.Assert(period == Timeout.InfiniteTimeSpan, "No periodic timers in the flows under test.");
        var limit = new Limit(this, () => callback(state));
        if (state is CancellationTokenSource)
        {
            limit.Change(dueTime, period);
        }
        else if (dueTime != Timeout.InfiniteTimeSpan)
        {
            lock (_gate)
            {
                _pauses.Add(dueTime);
            }

            // Not on this thread: whoever starts a timer does not expect it to have elapsed when it gets it.
            ThreadPool.QueueUserWorkItem(_ =>
            {
                Advance(dueTime);
                callback(state);
            });
        }

        return limit;
    }

    public void Advance(TimeSpan span)
    {
        List<Limit> due;
        lock (_gate)
        {
            _now += span;
            due = _limits.FindAll(limit => limit.DueAt <= _now);
            _limits.RemoveAll(due.Contains);
        }

        due.ForEach(limit => limit.Elapse());
    }

    private sealed class Limit(LeapingTime time, Action elapse) : ITimer
    {
        public DateTimeOffset DueAt { get; private set; }

        public void Elapse() => elapse();

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            lock (time._gate)
            {
                time._limits.Remove(this);
                if (dueTime != Timeout.InfiniteTimeSpan)
                {
                    DueAt = time._now + dueTime;
                    time._limits.Add(this);
                }
            }

            return true;
        }

        public void Dispose() => Change(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
