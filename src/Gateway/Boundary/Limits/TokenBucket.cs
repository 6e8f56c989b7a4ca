namespace Gateway.Boundary.Limits;

/// <summary>What may still be done at a rate: time refills it, up to what may be done at once. For one thread at a time.</summary>
internal struct TokenBucket(double left, TimeProvider time)
{
    private long _since = time.GetTimestamp();

    /// <summary>Less than zero for who has overdrawn it.</summary>
    public double Left { get; set; } = left;

    public void Refill(double perSecond, double most)
    {
        var now = time.GetTimestamp();
        Left = Math.Min(most, Left + (time.GetElapsedTime(_since, now).TotalSeconds * perSecond));
        _since = now;
    }
}
