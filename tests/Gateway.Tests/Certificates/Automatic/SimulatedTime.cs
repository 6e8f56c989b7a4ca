using Microsoft.Extensions.Time.Testing;

namespace Gateway.Tests.Certificates.Automatic;

/// <summary>A clock for a gateway and a CA on real sockets: days pass in seconds, slowly while they speak with each other, and
/// the time of day can be set as an operator or a bad battery sets it.</summary>
internal sealed class SimulatedTime : TimeProvider
{
    public static readonly DateTimeOffset Beginning = new(2026, 9, 1, 12, 0, 0, TimeSpan.Zero);

    private static readonly TimeSpan Quick = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan Slow = TimeSpan.FromMilliseconds(250);

    private readonly FakeTimeProvider _time = new(Beginning);
    private TimeSpan _setBy;
    private int _pauses;

    /// <summary>How many pauses have begun.</summary>
    public int Pauses => Volatile.Read(ref _pauses);

    public override long TimestampFrequency => _time.TimestampFrequency;

    public override DateTimeOffset GetUtcNow() => _time.GetUtcNow() + _setBy;

    public override long GetTimestamp() => _time.GetTimestamp();

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = _time.CreateTimer(callback, state, dueTime, period);
        Interlocked.Increment(ref _pauses);
        return timer;
    }

    /// <summary>Sets the time of day; what waits goes on waiting as long as it meant to.</summary>
    public void Set(TimeSpan by) => _setBy += by;

    /// <summary>Lets time pass.</summary>
    /// <param name="span">How much.</param>
    /// <param name="isBusy">Whether somebody waits for an answer that comes in real time.</param>
    /// <param name="eachStep">Looked at after each few seconds.</param>
    public Task PassAsync(TimeSpan span, Func<bool> isBusy, Action? eachStep = null) =>
        PassAsync(span, () => false, isBusy, eachStep);

    /// <summary>Lets time pass until something is so.</summary>
    public Task PassAsync(TimeSpan limit, Func<bool> until, Func<bool> isBusy, Action? eachStep = null) =>
        // Without xunit's context what waits goes on within Advance, so that no time passes before it has done its work.
        Task.Run(() => PassOnAsync(limit, until, isBusy, eachStep));

    private async Task PassOnAsync(TimeSpan limit, Func<bool> until, Func<bool> isBusy, Action? eachStep)
    {
        var end = _time.GetUtcNow() + limit;
        while (_time.GetUtcNow() < end && !until())
        {
            if (isBusy())
            {
                await Task.Delay(TimeSpan.FromMilliseconds(4), TestContext.Current.CancellationToken);
                _time.Advance(Slow);
            }
            else
            {
                _time.Advance(Quick);
                eachStep?.Invoke();
            }
        }
    }
}
