namespace Gateway.Acme;

/// <summary>One look at a resource that changes by itself.</summary>
/// <param name="Done">Whether it has reached a state in which the wait is over.</param>
/// <param name="Status">What the CA calls the state it is in.</param>
/// <param name="RetryAfter">When the CA asks to look again.</param>
internal readonly record struct AcmeLook(bool Done, string Status, TimeSpan? RetryAfter);

/// <summary>
/// Waits for the CA during one order. All waits of the order share one limit, counted by a clock that cannot jump; what our side
/// takes to publish an answer is not counted. A CA that fails to answer is asked again, for giving up would waste the order.
/// </summary>
internal sealed class AcmePolling(TimeProvider time)
{
    /// <summary>How long the CA may take over one order, all in all, once it is placed.</summary>
    public static readonly TimeSpan Limit = TimeSpan.FromMinutes(10);

    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(10);

    private TimeSpan _spent;

    /// <summary>Looks until done; the last look is at the limit.</summary>
    /// <param name="attempt">What is being waited for, as it follows "could not".</param>
    /// <param name="url">The resource that is looked at.</param>
    /// <param name="look">Asks the CA once.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public async Task UntilDoneAsync(
        string attempt, Uri url, Func<CancellationToken, Task<AcmeLook>> look, CancellationToken cancellationToken)
    {
        var before = _spent;
        var start = time.GetTimestamp();
        for (var pause = FirstPause; ; pause = Min(pause * 1.5, LongestPause))
        {
            _spent = before + time.GetElapsedTime(start);
            var left = Limit - _spent;
            TimeSpan? asked;
            try
            {
                var seen = await look(cancellationToken);
                if (seen.Done)
                {
                    return;
                }

                asked = seen.RetryAfter;
                if (left <= TimeSpan.Zero)
                {
                    throw new AcmeException(attempt, url, $"{url} is still '{seen.Status}' after {Limit.TotalMinutes:0} minutes.")
                    {
                        RetryAfter = asked,
                    };
                }
            }
            catch (AcmeException e) when (e.IsTransient && left > TimeSpan.Zero)
            {
                asked = e.RetryAfter;
            }

            // RFC 8555 section 7.5.1: the CA knows best when to look again. An answer of "at once" must not become a spin.
            var wait = asked is { } told && told > FirstPause ? told : pause;
            await Task.Delay(Min(wait, left), time, cancellationToken);
        }
    }

    /// <summary>Asks for something that is there already, until the CA answers.</summary>
    public async Task<T> AskAsync<T>(
        string attempt, Uri url, Func<CancellationToken, Task<T>> ask, CancellationToken cancellationToken)
    {
        T answer = default!;
        await UntilDoneAsync(
            attempt,
            url,
            async token =>
            {
                answer = await ask(token);
                return new AcmeLook(Done: true, "", RetryAfter: null);
            },
            cancellationToken);
        return answer;
    }

    private static TimeSpan Min(TimeSpan a, TimeSpan b) => a < b ? a : b;
}
