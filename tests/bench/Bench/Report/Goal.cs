namespace Bench.Report;

/// <summary>What a goal compares.</summary>
internal enum GoalKind
{
    /// <summary>The gateway's figure divided by the best peer's.</summary>
    Ratio,

    /// <summary>What it is above the best peer's.</summary>
    Added,

    /// <summary>The figure itself.</summary>
    Value,
}

/// <summary>A figure that the gateway is to reach.</summary>
internal sealed record Goal(GoalKind Kind, double Limit)
{
    /// <param name="value">The gateway's.</param>
    /// <param name="bestPeer">Null when none was measured.</param>
    /// <param name="unit">Of both.</param>
    /// <returns>The goal and whether it is reached, for the table.</returns>
    public string Judge(double value, double? bestPeer, string unit)
    {
        var (text, reached) = Kind switch
        {
            GoalKind.Ratio => ($"≤ {Limit:0.0}×", bestPeer is { } best ? value / best <= Limit : (bool?)null),
            GoalKind.Added => ($"≤ best + {Limit} {unit}", bestPeer is { } best ? value - best <= Limit : null),
            _ => ($"≤ {Limit} {unit}", value <= Limit),
        };
        return reached switch
        {
            true => $"{text} ✓",
            false => $"{text} ✗",
            null => text,
        };
    }
}
