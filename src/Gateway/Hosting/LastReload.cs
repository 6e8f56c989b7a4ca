namespace Gateway.Hosting;

/// <summary>When the configuration in force was read, and what came of the last attempt to read it again.</summary>
internal sealed class LastReload(TimeProvider time)
{
    private volatile ReloadOutcome _outcome = new(time.GetUtcNow(), null, []);

    public ReloadOutcome Outcome => _outcome;

    public void Applied() => _outcome = new ReloadOutcome(time.GetUtcNow(), null, []);

    /// <param name="errors">Everything that is wrong.</param>
    public void Rejected(IReadOnlyList<string> errors) => _outcome = new ReloadOutcome(_outcome.AppliedAt, time.GetUtcNow(), errors);
}

/// <param name="AppliedAt">Of what is in force.</param>
/// <param name="RejectedAt">When a later version of the file was refused; null when the file is in force.</param>
/// <param name="Errors">Why.</param>
internal sealed record ReloadOutcome(DateTimeOffset AppliedAt, DateTimeOffset? RejectedAt, IReadOnlyList<string> Errors);
