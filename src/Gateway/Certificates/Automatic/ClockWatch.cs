namespace Gateway.Certificates.Automatic;

/// <summary>Warns of a clock that differs from a CA's: with it certificates are renewed too early or too late, or do not hold at all.</summary>
internal sealed partial class ClockWatch(TimeProvider time, ILogger<ClockWatch> logger)
{
    private static readonly TimeSpan WorthMentioning = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan BetweenWarnings = TimeSpan.FromHours(1);

    private readonly Dictionary<Uri, long> _toldAt = [];

    /// <param name="issuer">Just heard.</param>
    public void Look(Issuer issuer)
    {
        if (issuer.ClockSkew is not { } skew || skew.Duration() <= WorthMentioning)
        {
            return;
        }

        lock (_toldAt)
        {
            // Each of many names hears it.
            if (_toldAt.TryGetValue(issuer.Directory, out var told) && time.GetElapsedTime(told) < BetweenWarnings)
            {
                return;
            }

            _toldAt[issuer.Directory] = time.GetTimestamp();
        }

        LogClock(issuer.Directory, TimeSpan.FromSeconds(Math.Round(skew.Duration().TotalSeconds)), skew > TimeSpan.Zero ? "behind" : "ahead of");
    }

    [LoggerMessage(EventId = 333, Level = LogLevel.Warning, Message = "This machine's clock is {Skew:c} {Direction} that of the CA {Issuer}: set it (timedatectl set-ntp true), for certificates are valid by the clock")]
    private partial void LogClock(Uri issuer, TimeSpan skew, string direction);
}
