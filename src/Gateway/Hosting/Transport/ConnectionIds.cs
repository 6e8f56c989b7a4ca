namespace Gateway.Hosting.Transport;

/// <summary>Short names for connections, as Kestrel gives them: unlike over restarts, since they begin with the time.</summary>
internal static class ConnectionIds
{
    private const string Digits = "0123456789ABCDEFGHIJKLMNOPQRSTUV";
    private const int Length = 13;

    private static long _last = TimeProvider.System.GetUtcNow().Ticks;

    public static string Next() => string.Create(Length, Interlocked.Increment(ref _last), static (text, id) =>
    {
        for (var i = Length - 1; i >= 0; i--, id >>= 5)
        {
            text[i] = Digits[(int)(id & 31)];
        }
    });
}
