namespace Bench.Rows;

/// <summary>How long a row takes.</summary>
/// <param name="Warmup">Load before the steady phase.</param>
/// <param name="Steady">What is measured.</param>
/// <param name="IsQuick">Small enough for CI; the figures mean nothing.</param>
internal sealed record Pace(TimeSpan Warmup, TimeSpan Steady, bool IsQuick);
