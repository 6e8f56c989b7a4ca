namespace Gateway.EndToEnd.Harness;

/// <summary>The lines that a program has written, in the order of arrival, and those who wait for one.</summary>
internal sealed class ProgramOutput
{
    private readonly Lock _lock = new();
    private readonly List<string> _lines = [];
    private readonly List<Waiter> _waiters = [];
    private bool _ended;

    public IReadOnlyList<string> Lines
    {
        get
        {
            lock (_lock)
            {
                return [.. _lines];
            }
        }
    }

    public string Text => string.Join('\n', Lines);

    /// <summary>How many lines there are; as <c>after</c> of <see cref="WaitForAsync"/>, waits for what comes from now on.</summary>
    public int Count => Lines.Count;

    public void Add(string line)
    {
        lock (_lock)
        {
            _lines.Add(line);
            foreach (var waiter in _waiters.Where(w => w.IsWanted(line)).ToArray())
            {
                _waiters.Remove(waiter);
                waiter.Found.TrySetResult(line);
            }
        }
    }

    /// <summary>No more lines come: whoever waits has waited in vain.</summary>
    public void End()
    {
        lock (_lock)
        {
            _ended = true;
            _waiters.ForEach(w => w.Found.TrySetException(new EndOfStreamException()));
            _waiters.Clear();
        }
    }

    /// <summary>The first line that satisfies the condition, already written or still to come.</summary>
    /// <param name="isWanted">The condition.</param>
    /// <param name="after">How many of the lines to pass over.</param>
    /// <param name="timeout">How long to wait.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="EndOfStreamException">The program ended without it.</exception>
    /// <exception cref="TimeoutException">It did not come in time.</exception>
    public async Task<string> WaitForAsync(Predicate<string> isWanted, int after, TimeSpan timeout, CancellationToken cancellationToken)
    {
        Waiter waiter;
        lock (_lock)
        {
            if (_lines.Skip(after).FirstOrDefault(line => isWanted(line)) is { } line)
            {
                return line;
            }

            if (_ended)
            {
                throw new EndOfStreamException();
            }

            _waiters.Add(waiter = new Waiter(isWanted, new(TaskCreationOptions.RunContinuationsAsynchronously)));
        }

        return await waiter.Found.Task.WaitAsync(timeout, cancellationToken);
    }

    private sealed record Waiter(Predicate<string> IsWanted, TaskCompletionSource<string> Found);
}
