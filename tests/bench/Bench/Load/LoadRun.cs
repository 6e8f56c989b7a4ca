using System.Diagnostics;

namespace Bench.Load;

/// <summary>The phases of a load and what is counted in them. Writes "steady" and "over" when the steady phase begins and ends: then the
/// proxy's processor time is taken.</summary>
internal sealed class LoadRun(LoadOptions options)
{
    // On a machine that does other things too.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly Lock _lock = new();
    private readonly List<Tally> _tallies = [];
    private readonly TaskCompletionSource _firstDone = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile bool _isSteady;
    private volatile bool _isOver;
    private int _ready;
    private long _errors;
    private string? _firstError;

    public LoadOptions Options { get; } = options;

    public bool IsOver => _isOver;

    /// <summary>What one connection counts, without a lock.</summary>
    public Tally NewTally()
    {
        var tally = new Tally(this);
        lock (_lock)
        {
            _tallies.Add(tally);
        }

        return tally;
    }

    public void Fail(string error)
    {
        lock (_lock)
        {
            _errors++;
            _firstError ??= error;
        }
    }

    /// <summary>Runs the connections' work through both phases.</summary>
    /// <param name="work">One connection, until <see cref="IsOver"/>.</param>
    public async Task<LoadResult> RunAsync(Func<int, Tally, Task> work)
    {
        var connections = Enumerable.Range(0, Options.Connections).Select(i => Task.Run(() => GuardAsync(i, work))).ToArray();
        await Task.WhenAny(AllReadyAsync(connections), Task.Delay(Patience));
        await Task.Delay(Options.Warmup);
        var clock = Stopwatch.StartNew();
        _isSteady = true;
        Console.WriteLine("steady");
        await Task.Delay(Options.Steady);
        await Task.WhenAny(_firstDone.Task, Task.WhenAll(connections), Task.Delay(Patience));
        _isSteady = false;
        var seconds = clock.Elapsed.TotalSeconds;
        Console.WriteLine("over");
        _isOver = true;
        var all = Task.WhenAll(connections);
        if (await Task.WhenAny(all, Task.Delay(Patience)) != all)
        {
            Fail("a connection got no answer");
        }

        return Result(seconds);
    }

    /// <summary>For a load that only holds connections.</summary>
    public LoadResult Result(long units)
    {
        lock (_lock)
        {
            return new LoadResult { Units = units, Errors = _errors, FirstError = _firstError };
        }
    }

    private async Task AllReadyAsync(Task[] connections)
    {
        while (connections.Count(c => c.IsCompleted) + _ready < connections.Length)
        {
            await Task.Delay(5);
        }
    }

    private async Task GuardAsync(int index, Func<int, Tally, Task> work)
    {
        try
        {
            await work(index, NewTally());
        }
        catch (Exception e)
        {
            Fail($"connection {index}: {e.GetType().Name}: {e.Message}");
        }
    }

    private LoadResult Result(double seconds)
    {
        lock (_lock)
        {
            var times = _tallies.SelectMany(t => t.Times()).Order().ToArray();
            return new LoadResult
            {
                Units = times.Length,
                Seconds = seconds,
                P50 = At(times, 0.50),
                P99 = At(times, 0.99),
                Errors = _errors,
                FirstError = _firstError,
            };
        }
    }

    private static double At(long[] sorted, double share) =>
        sorted.Length == 0 ? 0 : Stopwatch.GetElapsedTime(0, sorted[(int)(share * (sorted.Length - 1))]).TotalMilliseconds;

    /// <summary>The times of one connection.</summary>
    internal sealed class Tally(LoadRun run)
    {
        private readonly List<long> _times = new(4096);

        /// <summary>The connection is open, or has done its first unit: the warm-up begins when all are.</summary>
        public void Ready() => Interlocked.Increment(ref run._ready);

        /// <summary>A unit is done; it counts when that happened in the steady phase.</summary>
        /// <param name="started">A timestamp of <see cref="Stopwatch"/>.</param>
        public void Done(long started)
        {
            if (run._isSteady)
            {
                _times.Add(Stopwatch.GetTimestamp() - started);
                if (_times.Count == 1)
                {
                    run._firstDone.TrySetResult();
                }
            }
        }

        public long[] Times() => [.. _times];
    }
}
