namespace Gateway.Boundary.Limits;

/// <summary>The requests of one HTTP/2 connection: how many are served at once, and how they ended.</summary>
/// <param name="atFirst">How many a new connection may have served at once; each that ends well makes it one more.</param>
internal sealed class EarnedRequests(int atFirst)
{
    private readonly Lock _lock = new();
    private readonly LinkedList<TaskCompletionSource<bool>> _waiting = [];
    private long _begun;
    private int _served;
    private int _earned = atFirst;
    // Of requests that have ended since the last one came.
    private int _credit;
    private long _endedWell;
    private long _endedBadly;

    /// <summary>How many have come so far.</summary>
    public long Begun
    {
        get
        {
            lock (_lock)
            {
                return _begun;
            }
        }
    }

    /// <summary>More were aborted, by the client or with the connection, than were answered.</summary>
    public bool HaveEndedBadly
    {
        get
        {
            lock (_lock)
            {
                return _endedBadly > _endedWell;
            }
        }
    }

    public bool TryEnter()
    {
        lock (_lock)
        {
            _begun++;
            // Only now: when a connection ends, the requests under way end as if they had been answered.
            _earned = (int)Math.Min(int.MaxValue, (long)_earned + _credit);
            _credit = 0;
            if (_served >= _earned)
            {
                return false;
            }

            _served++;
            return true;
        }
    }

    /// <returns>False when the client took the request back meanwhile.</returns>
    public async Task<bool> WaitAsync(TimeSpan patience, TimeProvider time, CancellationToken aborted)
    {
        var turn = new LinkedListNode<TaskCompletionSource<bool>>(new(TaskCreationOptions.RunContinuationsAsynchronously));
        lock (_lock)
        {
            _waiting.AddLast(turn);
            Admit();
        }

        await using var timer = time.CreateTimer(_ => End(turn, isServed: true), null, patience, Timeout.InfiniteTimeSpan);
        await using var abort = aborted.Register(() => End(turn, isServed: false));
        return await turn.Value.Task;
    }

    public void Leave(bool hasEndedWell)
    {
        lock (_lock)
        {
            _served--;
            (_endedWell, _endedBadly, _credit) = hasEndedWell ? (_endedWell + 1, _endedBadly, _credit + 1) : (_endedWell, _endedBadly + 1, _credit);
            Admit();
        }
    }

    // Under the lock.
    private void Admit()
    {
        while (_served < _earned && _waiting.First is { } first)
        {
            _served++;
            _waiting.RemoveFirst();
            first.Value.SetResult(true);
        }
    }

    // Who has waited for so long, and the connection still stands, has earned it too: answers that take long are no crime.
    private void End(LinkedListNode<TaskCompletionSource<bool>> turn, bool isServed)
    {
        lock (_lock)
        {
            if (turn.List is null)
            {
                return;
            }

            _waiting.Remove(turn);
            if (isServed)
            {
                (_served, _earned) = (_served + 1, _earned + 1);
            }
            else
            {
                _endedBadly++;
            }
        }

        turn.Value.SetResult(isServed);
    }
}
