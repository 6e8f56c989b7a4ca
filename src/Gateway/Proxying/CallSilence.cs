namespace Gateway.Proxying;

/// <summary>How long neither side of a call has sent anything: now, and the longest so far.</summary>
internal sealed class CallSilence(TimeProvider time)
{
    private long _lastByteAt;
    private long _longest;

    /// <summary>Since the last byte in either direction.</summary>
    public TimeSpan Now => time.GetElapsedTime(Volatile.Read(ref _lastByteAt));

    /// <summary>The longest up to now.</summary>
    public TimeSpan Longest
    {
        get
        {
            var past = time.GetElapsedTime(0, Volatile.Read(ref _longest));
            var now = Now;
            return past > now ? past : now;
        }
    }

    /// <summary>The call begins in this moment.</summary>
    public void Begin() => Volatile.Write(ref _lastByteAt, time.GetTimestamp());

    /// <summary>A side has sent something.</summary>
    // Both directions write here without a lock: what one of them loses is less than the other's last pause.
    public void Break()
    {
        var now = time.GetTimestamp();
        var silence = now - Volatile.Read(ref _lastByteAt);
        if (silence > Volatile.Read(ref _longest))
        {
            Volatile.Write(ref _longest, silence);
        }

        Volatile.Write(ref _lastByteAt, now);
    }
}
