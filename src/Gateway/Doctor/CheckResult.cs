namespace Gateway.Doctor;

/// <summary>What came of one check.</summary>
/// <param name="Summary">One line for when nothing is wrong: what was looked at.</param>
/// <param name="Findings">What is wrong; empty when nothing is.</param>
internal sealed record CheckResult(string Summary, params IReadOnlyList<Finding> Findings)
{
    /// <summary>False where there was nothing to look at; the summary says why.</summary>
    public bool Applies { get; init; } = true;

    /// <summary>The worst of the findings; null when there are none.</summary>
    public Severity? Worst => Findings.Count > 0 ? Findings.Max(f => f.Severity) : null;

    public static CheckResult NotApplicable(string why) => new(why) { Applies = false };
}
