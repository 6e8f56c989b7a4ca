namespace Gateway.Certificates.Automatic;

/// <summary>Warns, since no CA sends mail any more, of certificates that draw near their end without having been renewed.</summary>
internal sealed partial class ExpiryWatch(TimeProvider time, ILogger logger)
{
    private static readonly TimeSpan Soon = TimeSpan.FromDays(14);
    private static readonly TimeSpan VerySoon = TimeSpan.FromDays(3);
    private static readonly TimeSpan BetweenWarnings = TimeSpan.FromDays(1);
    private static readonly TimeSpan BetweenUrgentWarnings = TimeSpan.FromHours(6);

    /// <param name="name">Looked at often.</param>
    /// <param name="plan">When it is to be renewed.</param>
    public void Look(ManagedName name, RenewalPlan plan)
    {
        if (name.Serving is not { } certificate)
        {
            return;
        }

        var left = certificate.NotAfter - time.GetUtcNow();
        var isUrgent = left < VerySoon;
        if (left > Soon || (name.WarnedAt is { } at && time.GetElapsedTime(at) < (isUrgent ? BetweenUrgentWarnings : BetweenWarnings)))
        {
            return;
        }

        if (name.State.Failures == 0)
        {
            LookAtPlan(name, certificate, left, plan);
            return;
        }

        name.WarnedAt = time.GetTimestamp();
        var (error, remedy) = (Sentence.Of(name.State.LastError ?? "the reason is not known"), name.State.Remedy ?? "");
        if (left <= TimeSpan.Zero)
        {
            LogExpired(name.Identifier.Value, certificate.NotAfter, name.State.Failures, error, remedy, name.State.NextAttempt);
        }
        else
        {
            LogExpires(isUrgent ? LogLevel.Error : LogLevel.Warning, name.Identifier.Value, certificate.NotAfter, Math.Floor(left.TotalDays), name.State.Failures, error, remedy, name.State.NextAttempt);
        }
    }

    // A short-lived certificate that is on its way to a renewal as usual is no news; one whose renewal was put off is.
    private void LookAtPlan(ManagedName name, ServedCertificate certificate, TimeSpan left, RenewalPlan plan)
    {
        var life = certificate.NotAfter - certificate.NotBefore;
        var late = life < 2 * Soon ? life / 6 : (life / 3) - (life / 20);
        if (plan.At > time.GetUtcNow() && left < late)
        {
            name.WarnedAt = time.GetTimestamp();
            LogPutOff(name.Identifier.Value, certificate.NotAfter, Math.Floor(left.TotalDays), plan.At, plan.Why);
        }
    }

    [LoggerMessage(EventId = 383, Level = LogLevel.Warning, Message = "The certificate for {Name} expires {NotAfter:u}, in {Days} days, and has not been renewed yet: that is planned for {PlannedAt:u}, because {Why}")]
    private partial void LogPutOff(string name, DateTimeOffset notAfter, double days, DateTimeOffset plannedAt, string why);

    [LoggerMessage(EventId = 381, Message = "The certificate for {Name} expires {NotAfter:u}, in {Days} days, and has not been renewed (failures in a row: {Failures}): {Error} {Remedy} Next attempt: {NextAttempt:u}")]
    private partial void LogExpires(LogLevel level, string name, DateTimeOffset notAfter, double days, int failures, string error, string remedy, DateTimeOffset? nextAttempt);

    [LoggerMessage(EventId = 382, Level = LogLevel.Critical, Message = "The certificate for {Name} expired {NotAfter:u}: clients refuse it. It has not been renewed (failures in a row: {Failures}): {Error} {Remedy} Next attempt: {NextAttempt:u}")]
    private partial void LogExpired(string name, DateTimeOffset notAfter, int failures, string error, string remedy, DateTimeOffset? nextAttempt);
}
