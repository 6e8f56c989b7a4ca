using Gateway.Acme;

namespace Gateway.Certificates.Automatic;

/// <summary>Asks the CAs when they want their certificates renewed (RFC 9773), at least twice a day.</summary>
internal sealed partial class RenewalAdvice(Issuers issuers, NameShelf shelf, TimeProvider time, ILogger<RenewalAdvice> logger)
{
    private static readonly TimeSpan Longest = TimeSpan.FromHours(12);
    private static readonly TimeSpan AfterFailure = TimeSpan.FromHours(1);

    private readonly Dictionary<string, long> _failedAt = [];
    private readonly HashSet<Uri> _withoutAdvice = [];

    public bool IsDue(ManagedName name)
    {
        if (name.CertificateId is not { } id || name.CurrentIssuer is null)
        {
            return false;
        }

        lock (_failedAt)
        {
            if (_withoutAdvice.Contains(name.CurrentIssuer)
                || (_failedAt.TryGetValue(id, out var failed) && time.GetElapsedTime(failed) < AfterFailure))
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
                lock (_failedAt)
                {
                    _withoutAdvice.Add(issuer.Directory);
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
            lock (_failedAt)
            {
                _failedAt[id] = time.GetTimestamp();
            }

            LogSilent(name.Identifier.Value, e.Message);
        }
    }

    [LoggerMessage(EventId = 371, Level = LogLevel.Warning, Message = "The CA wants the certificate for {Name} replaced earlier than it said before, between {Start:u} and {End:u} ({Explanation}); that happens by itself")]
    private partial void LogEarlier(string name, DateTimeOffset start, DateTimeOffset end, string explanation);

    [LoggerMessage(EventId = 372, Level = LogLevel.Debug, Message = "The CA gave no advice on renewing the certificate for {Name}; the last one, or a third of the life, holds: {Error}")]
    private partial void LogSilent(string name, string error);
}
