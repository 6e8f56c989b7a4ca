namespace Gateway.Certificates.Automatic;

/// <summary>How long to leave a name alone after attempts that failed.</summary>
internal static class Backoff
{
    private static readonly TimeSpan[] Pauses =
    [
        TimeSpan.FromMinutes(1), TimeSpan.FromMinutes(2), TimeSpan.FromMinutes(5), TimeSpan.FromMinutes(10), TimeSpan.FromMinutes(30),
        TimeSpan.FromHours(1), TimeSpan.FromHours(2), TimeSpan.FromHours(4), TimeSpan.FromHours(6),
    ];

    /// <summary>The longest that a CA's Retry-After is obeyed; a weekly limit is the longest that CAs have.</summary>
    public static readonly TimeSpan LongestHold = TimeSpan.FromDays(7);

    /// <summary>How long a CA is left alone that limits rates and does not say until when.</summary>
    public static readonly TimeSpan UnknownLimit = TimeSpan.FromHours(1);

    /// <summary>How far apart orders are while there is a certificate that serves meanwhile.</summary>
    public static readonly TimeSpan BetweenRenewals = TimeSpan.FromHours(1);

    /// <param name="failures">How many attempts have failed in a row, one or more.</param>
    /// <param name="jitter">0 to 1: adds up to a fifth, so that many gateways do not come back in the same second.</param>
    public static TimeSpan Pause(int failures, double jitter) =>
        Pauses[Math.Clamp(failures, 1, Pauses.Length) - 1] * (1 + (Math.Clamp(jitter, 0, 1) / 5));
}
