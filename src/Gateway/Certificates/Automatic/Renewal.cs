using Gateway.Acme;
using Gateway.Configuration;

namespace Gateway.Certificates.Automatic;

/// <summary>What an attempt came to.</summary>
internal enum RenewalOutcome
{
    /// <summary>Another process works on the name, or has done so: there is nothing to do.</summary>
    NotNeeded,
    Renewed,
    Failed,
}

/// <summary>One attempt for one name: under the lock, written down before it begins, at each CA in turn.</summary>
internal sealed partial class Renewal(
    AcmeOptions options, Issuers issuers, Issuance issuance, CertificateStore store, NameShelf shelf, ClockWatch clock, TimeProvider time, ILogger<Renewal> logger)
{
    private const string Interrupted = "The gateway was stopped in the middle of the attempt.";

    /// <param name="name">Not worked on by anyone else in this process.</param>
    /// <param name="forced">A person asks for it: whatever the plan says.</param>
    /// <param name="cancellationToken">Ends the attempt, which then counts as failed.</param>
    public async Task<RenewalOutcome> RunAsync(ManagedName name, bool forced, CancellationToken cancellationToken)
    {
        // 1. One process at a time, and whoever comes second sees what the first has done.
        await using var held = await name.Lock.TryTakeAsync(cancellationToken);
        if (held is null)
        {
            return RenewalOutcome.NotNeeded;
        }

        var renewedElsewhere = shelf.Refresh(name);
        var now = time.GetUtcNow();
        if (!forced && name.Plan(options.RenewDaysInAdvance, now).At > now)
        {
            return renewedElsewhere ? RenewalOutcome.Renewed : RenewalOutcome.NotNeeded;
        }

        // 2. Each CA in turn.
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, held.Lost);
        try
        {
            return await TryIssuersAsync(name, forced, either.Token) ? RenewalOutcome.Renewed : RenewalOutcome.Failed;
        }
        catch (OperationCanceledException) when (held.Lost.IsCancellationRequested)
        {
            LogLockLost(name.Identifier.Value);
            return RenewalOutcome.NotNeeded;
        }
    }

    private async Task<bool> TryIssuersAsync(ManagedName name, bool forced, CancellationToken cancellationToken)
    {
        var before = name.State;
        var failures = new List<(Issuer Issuer, Exception Exception)>();
        var (hasBegun, orders) = (false, 0);
        foreach (var issuer in issuers.All)
        {
            if (!forced && before.HoldUntil.TryGetValue(issuer.Directory.AbsoluteUri, out var until) && until > time.GetUtcNow())
            {
                continue;
            }

            using var turn = await issuer.TakeTurnAsync(cancellationToken);
            if (!hasBegun)
            {
                Begin(name, forced);
                hasBegun = true;
            }

            try
            {
                store.Test(issuer.Directory);
                var replaces = issuer.Directory == name.CurrentIssuer ? name.CertificateId : null;
                var (issued, type) = await issuance.ObtainAsync(
                    issuer, name.Identifier, before, replaces, NoteOrder, cancellationToken);
                Succeed(name, issuer, store.Write(issuer.Directory, name.Identifier, issued.ChainPem, issued.KeyPem), type);
                return true;
            }
            catch (Exception e) when (!cancellationToken.IsCancellationRequested)
            {
                failures.AddRange((e is AggregateException several ? several.InnerExceptions : [e]).Select(exception => (issuer, exception)));
            }
            finally
            {
                clock.Look(issuer);
            }
        }

        if (!hasBegun)
        {
            Begin(name, forced);
        }

        Fail(name, failures);
        return false;

        // Two orders that fail are two failures.
        void NoteOrder()
        {
            orders++;
            name.State = name.State with { LastOrder = time.GetUtcNow(), Failures = before.Failures + orders };
        }
    }

    // The attempt counts before it is made.
    private void Begin(ManagedName name, bool forced)
    {
        var now = time.GetUtcNow();
        var failures = name.State.Failures + 1;
        name.AttemptedAt = time.GetTimestamp();
        shelf.Save(name, name.State with
        {
            Failures = failures,
            LastAttempt = now,
            NextAttempt = now + Backoff.Pause(failures, Random.Shared.NextDouble()),
            NextReason = Reason(failures),
            LastError = Interrupted,
            IsAskedFor = name.State.IsAskedFor || forced,
        });
    }

    private void Succeed(ManagedName name, Issuer issuer, ServedCertificate certificate, AcmeChallengeType type)
    {
        var now = time.GetUtcNow();
        name.Take(certificate, issuer.Directory);
        var plan = RenewalPolicy.Decide(certificate.NotBefore, certificate.NotAfter, null, options.RenewDaysInAdvance, now, seed: 0);

        // A certificate that is to be renewed as soon as it is there (a clock far ahead does that) must not be ordered for ever.
        var isOld = plan.At <= now;
        shelf.Save(name, name.State with
        {
            Failures = isOld ? name.State.Failures : 0,
            WasRefused = false,
            IsAskedFor = false,
            LastSuccess = now,
            LastError = isOld ? $"The CA's certificate is valid from {certificate.NotBefore:u} to {certificate.NotAfter:u}, and by this machine's clock it is {now:u}." : null,
            Remedy = isOld ? "Set this machine's clock." : null,
            Issuer = issuer.Directory,
            ChallengeType = Issuance.WireName(type),
            HoldUntil = new Dictionary<string, DateTimeOffset>(),
            Window = null,
        });
        shelf.SavePlan(name);
        LogObtained(name.Identifier.Value, certificate.Issuer, certificate.NotAfter, name.State.NextAttempt);
        if (isOld)
        {
            LogOld(name.Identifier.Value, certificate.NotBefore, certificate.NotAfter, now);
        }
    }

    private void Fail(ManagedName name, List<(Issuer Issuer, Exception Exception)> failures)
    {
        var now = time.GetUtcNow();
        var holds = name.State.HoldUntil.Where(hold => hold.Value > now).ToDictionary();
        foreach (var (issuer, exception) in failures)
        {
            if (Hold(exception) is { } asked)
            {
                holds[issuer.Directory.AbsoluteUri] = now + asked;
            }
        }

        var error = failures.Count == 0 ? name.State.LastError ?? Interrupted : Sentence.Join(failures.Select(failure => failure.Exception.Message));
        var remedy = AcmeAdvice.ForAll(failures.Select(failure => failure.Exception), name.Identifier);
        var pause = NextAttempt(name, now);
        var hold = holds.Count == issuers.All.Count ? holds.Values.Min() : now;
        shelf.Save(name, name.State with
        {
            LastError = error,
            Remedy = remedy,
            WasRefused = failures.Exists(failure => failure.Exception is AcmeException { IsTransient: false } or HookException),
            HoldUntil = holds,
            NextAttempt = Later(pause, hold),
            NextReason = hold > pause ? "the CA asks to be left alone until then" : Reason(name.State.Failures),
        });

        var unexpected = failures.Select(failure => failure.Exception).FirstOrDefault(e => e is not (AcmeException or HookException or NotConfiguredException or CertificateFileException or IOException or UnauthorizedAccessException));
        LogFailed(unexpected, name.Identifier.Value, name.State.Failures, Sentence.Of(error), remedy ?? "", name.State.NextAttempt, Meanwhile(name));
    }

    private static DateTimeOffset NextAttempt(ManagedName name, DateTimeOffset now)
    {
        var next = now + Backoff.Pause(name.State.Failures, Random.Shared.NextDouble());

        // There is no hurry while a certificate serves: orders an hour apart spare the CA's limits.
        if (name.State.LastOrder is { } order && name.Current?.IsValidAt(now + (2 * Backoff.BetweenRenewals)) == true)
        {
            next = Later(next, order + Backoff.BetweenRenewals);
        }

        return next;
    }

    private static TimeSpan? Hold(Exception exception) => exception is AcmeException e
        ? e.RetryAfter is { } asked ? (asked < Backoff.LongestHold ? asked : Backoff.LongestHold)
            : e.Is(AcmeProblem.RateLimited) ? Backoff.UnknownLimit
            : null
        : null;

    private string Meanwhile(ManagedName name) => name.Serving switch
    {
        null => "a temporary certificate, which browsers warn of",
        { } current when current.NotAfter < time.GetUtcNow() => $"the certificate that expired {current.NotAfter:u}, which browsers refuse",
        { } current => $"the certificate that expires {current.NotAfter:u}",
    };

    private static string Reason(int failures) => failures == 1 ? "after a failure" : $"after {failures} failures";

    private static DateTimeOffset Later(DateTimeOffset a, DateTimeOffset b) => a > b ? a : b;

    [LoggerMessage(EventId = 331, Level = LogLevel.Information, Message = "Certificate for {Name} obtained from {Issuer}: it expires {NotAfter:u} and will be renewed from {NextAttempt:u}")]
    private partial void LogObtained(string name, string issuer, DateTimeOffset notAfter, DateTimeOffset? nextAttempt);

    [LoggerMessage(EventId = 332, Level = LogLevel.Error, Message = "Certificate for {Name} not obtained (failures in a row: {Failures}): {Error} {Remedy} Next attempt: {NextAttempt:u}; served meanwhile: {Meanwhile}")]
    private partial void LogFailed(Exception? cause, string name, int failures, string error, string remedy, DateTimeOffset? nextAttempt, string meanwhile);

    [LoggerMessage(EventId = 335, Level = LogLevel.Warning, Message = "Another gateway on this state directory has taken over the certificate for {Name}, because this one did not stir for long")]
    private partial void LogLockLost(string name);

    [LoggerMessage(EventId = 334, Level = LogLevel.Warning, Message = "The certificate just obtained for {Name} is valid from {NotBefore:u} to {NotAfter:u}, yet by this machine's clock it is {Now:u}: set the clock")]
    private partial void LogOld(string name, DateTimeOffset notBefore, DateTimeOffset notAfter, DateTimeOffset now);
}
