using System.Collections.Concurrent;

namespace Gateway.Proxying.Services;

/// <summary>Connections that wait for their next request, of all services. Here they age.</summary>
internal sealed class Http11Pool : IDisposable
{
    // As SocketsHttpHandler has it. Without a bound to the life of one, a changed DNS record would never be seen.
    private static readonly TimeSpan MostIdle = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan MostAge = TimeSpan.FromMinutes(5);
    // Between the service's end and the gateway's knowledge of it: a request on its way then is lost, and a POST may not be sent again.
    private static readonly TimeSpan Margin = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Turn = TimeSpan.FromSeconds(15);

    private readonly ConcurrentDictionary<Http11Service, KeptConnections> _kept = new();
    private readonly TimeProvider _time;
    private readonly ITimer _sweep;
    private readonly Lock _lock = new();
    private volatile bool _isSweeping;
    private volatile bool _isDisposed;

    public Http11Pool(TimeProvider time)
    {
        _time = time;
        // Runs only while something waits.
        _sweep = time.CreateTimer(static pool => ((Http11Pool)pool!).Sweep(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>Those to a service: for whoever asks for one again and again.</summary>
    public KeptConnections At(Http11Service service) => _kept.GetOrAdd(service, static service => new KeptConnections(service));

    /// <summary>One whose service has not closed it; null if there is none.</summary>
    public Http11Connection? TryTake(KeptConnections kept)
    {
        var now = _time.GetTimestamp();
        while (kept.TakeLast() is { } last)
        {
            if (!last.HasNews && !IsOld(last, now))
            {
                return last;
            }

            last.Abort();
        }

        return null;
    }

    /// <summary>Keeps one that has been answered.</summary>
    public void Return(Http11Connection connection)
    {
        var now = connection.IdleSince = _time.GetTimestamp();
        if (_isDisposed || IsOld(connection, now))
        {
            connection.Abort();
            return;
        }

        connection.Kept.Add(connection);
        if (!_isSweeping)
        {
            SetSweeping(true);
        }
    }

    public void Dispose()
    {
        _isDisposed = true;
        _sweep.Dispose();
        AbortWhere(static _ => true);
    }

    private bool IsOld(Http11Connection connection, long now) =>
        _time.GetElapsedTime(connection.IdleSince, now) is var idle
        && (idle > MostIdle || idle >= connection.Patience - Margin || _time.GetElapsedTime(connection.OpenedAt, now) > MostAge);

    private void Sweep()
    {
        if (!AbortWhere(c => c.HasNews || IsOld(c, _time.GetTimestamp())))
        {
            SetSweeping(false);
            // One may have come before that was to be seen.
            if (AbortWhere(static _ => false))
            {
                SetSweeping(true);
            }
        }
    }

    private void SetSweeping(bool isSweeping)
    {
        lock (_lock)
        {
            if (_isSweeping != isSweeping && !_isDisposed)
            {
                _isSweeping = isSweeping;
                var turn = isSweeping ? Turn : Timeout.InfiniteTimeSpan;
                _sweep.Change(turn, turn);
            }
        }
    }

    /// <returns>Whether any is left.</returns>
    private bool AbortWhere(Predicate<Http11Connection> isToGo)
    {
        var areLeft = false;
        foreach (var kept in _kept.Values)
        {
            areLeft |= kept.AbortWhere(isToGo);
        }

        return areLeft;
    }
}
