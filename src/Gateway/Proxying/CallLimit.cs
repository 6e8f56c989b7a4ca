namespace Gateway.Proxying;

/// <summary>Ends a call where it would wait for ever: for a service that does not answer the handshake, or that does not notice that the client
/// has left.</summary>
internal sealed class CallLimit(TimeProvider time) : IDisposable
{
    private readonly CancellationTokenSource _source = new();

    // Only while there is a limit.
    private ITimer? _timer;

    /// <summary>Is cancelled at the end.</summary>
    public CancellationToken Token => _source.Token;

    /// <summary>An end is set.</summary>
    public bool IsSet => Volatile.Read(ref _timer) is not null;

    /// <summary>Sets the end in place of the one before.</summary>
    /// <param name="limit">From now; null for no end.</param>
    public void EndAfter(TimeSpan? limit)
    {
        var timer = limit is { } span ? time.CreateTimer(static self => ((CallLimit)self!).End(), this, span, Timeout.InfiniteTimeSpan) : null;
        Interlocked.Exchange(ref _timer, timer)?.Dispose();
    }

    /// <summary>Ends it at once.</summary>
    public void End()
    {
        try
        {
            _source.Cancel();
        }
        catch (ObjectDisposedException)
        {
            // It ended in this moment.
        }
    }

    public void Dispose()
    {
        EndAfter(null);
        _source.Dispose();
    }
}
