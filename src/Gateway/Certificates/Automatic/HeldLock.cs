namespace Gateway.Certificates.Automatic;

/// <summary>A lock that is held until it is disposed of, and beats meanwhile.</summary>
internal sealed class HeldLock : IAsyncDisposable
{
    private readonly string _path;
    private readonly TimeSpan _beat;
    private readonly TimeProvider _time;
    private readonly CancellationTokenSource _stop = new();
    private readonly CancellationTokenSource _lost = new();
    private readonly Task _beating;
    private LockOwner _owner;

    public HeldLock(string path, LockOwner owner, TimeSpan beat, TimeProvider time)
    {
        _path = path;
        _owner = owner;
        _beat = beat;
        _time = time;
        _beating = BeatAsync();
    }

    /// <summary>Cancelled when another process has taken the lock over, because this one was asleep for long.</summary>
    public CancellationToken Lost => _lost.Token;

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _beating;
        try
        {
            if (NameLock.Read(_path) == _owner)
            {
                File.Delete(_path);
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // It stops beating, and is taken over in half a minute.
        }

        _stop.Dispose();
        _lost.Dispose();
    }

    private async Task BeatAsync()
    {
        while (true)
        {
            try
            {
                await Task.Delay(_beat, _time, _stop.Token);
                if (NameLock.Read(_path) != _owner)
                {
                    await _lost.CancelAsync();
                    return;
                }

                var next = _owner with { Beat = _owner.Beat + 1 };
                AtomicFile.Write(_path, NameLock.Serialize(next), AtomicFile.Secret);
                _owner = next;
            }
            catch (OperationCanceledException)
            {
                return;
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                // A full disk does not stop the order; the next beat may get through.
            }
        }
    }
}
