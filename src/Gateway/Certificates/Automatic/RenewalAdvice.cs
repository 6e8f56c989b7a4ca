using Gateway.Acme;

namespace Gateway.Certificates.Automatic;

/// <summary>Asks the CAs when they want their certificates renewed (RFC 9773), at least twice a day.</summary>
internal sealed partial class RenewalAdvice(Issuers issuers, NameShelf shelf, ClockWatch clock, TimeProvider time, ILogger<RenewalAdvice> logger)
{
    private static readonly TimeSpan Longest = TimeSpan.FromHours(12);
    private static readonly TimeSpan AfterFailure = TimeSpan.FromHours(1);

    // Until when, by the clock that nobody can set, there is no use in asking: about a certificate, or a CA that gives no advice.
    private readonly Dictionary<string, (long From, TimeSpan Pause)> _pauses = [];
    private readonly Dictionary<Uri, long> _withoutAdvice = [];

    public bool IsDue(ManagedName name)
    {
        if (name.CertificateId is not { } id || name.CurrentIssuer is null)
        {
            return false;
        }

        lock (_pauses)
        {
            if ((_withoutAdvice.TryGetValue(name.CurrentIssuer, out var learnt) && time.GetElapsedTime(learnt) < Longest)
                || (_pauses.TryGetValue(id, out var pause) && time.GetElapsedTime(pause.From) < pause.Pause))
            {
                return false;
            }
        }

        // The bound is for a clock that was set back.
        var now = time.GetUtcNow();
        return name.Window is not { } window || window.AskAgain <= now || window.AskAgain > now + Longest;
    }

    public async Task AskAsync(ManagedName name, CancellationToken cancellationToken)
    {
        var id = name.CertificateId!;
        var issuer = issuers.All.First(issuer => issuer.Directory == name.CurrentIssuer);
        try
        {
            using var turn = await issuer.TakeTurnAsync(cancellationToken);
            if (await issuer.GetRenewalInfoAsync(id, cancellationToken) is not { } info)
            {
                lock (_pauses)
                {
                    _withoutAdvice[issuer.Directory] = time.GetTimestamp();
                }

                return;
            }

            var wait = info.AskAgainIn < Longest ? info.AskAgainIn : Longest;
            var former = name.Window;
            var window = new RenewalWindow(id, info.WindowStart, info.WindowEnd, time.GetUtcNow() + wait, info.ExplanationUrl);
            shelf.Save(name, name.State with { Window = window });
            shelf.SavePlan(name);
            if (former is not null && window.Start < former.Start)
            {
                LogEarlier(name.Identifier.Value, window.Start, window.End, window.ExplanationUrl ?? "no reason given");
            }
        }
        catch (Exception e) when (!cancellationToken.IsCancellationRequested)
        {
            var asked = (e as AcmeException)?.RetryAfter ?? TimeSpan.Zero;
            lock (_pauses)
            {
                _pauses[id] = (time.GetTimestamp(), asked < AfterFailure ? AfterFailure : asked < Longest ? asked : Longest);
            }

            LogSilent(name.Identifier.Value, e.Message);
        }
        finally
        {
            clock.Look(issuer);
        }
    }

    [LoggerMessage(EventId = 371, Level = LogLevel.Warning, Message = "The CA wants the certificate for {Name} replaced earlier than it said before, between {Start:u} and {End:u} ({Explanation}); that happens by itself")]
    private partial void LogEarlier(string name, DateTimeOffset start, DateTimeOffset end, string explanation);

    [LoggerMessage(EventId = 372, Level = LogLevel.Debug, Message = "The CA gave no advice on renewing the certificate for {Name}; the last one, or a third of the life, holds: {Error}")]
    private partial void LogSilent(string name, string error);
}
