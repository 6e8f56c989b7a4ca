using System.Text.Json;

namespace Bench.Load;

/// <summary>What a load saw in its steady phase, but for the errors, which count from its beginning.</summary>
internal sealed record LoadResult
{
    public long Units { get; init; }

    public double Seconds { get; init; }

    /// <summary>In milliseconds.</summary>
    public double P50 { get; init; }

    /// <summary>In milliseconds.</summary>
    public double P99 { get; init; }

    public long Errors { get; init; }

    public string? FirstError { get; init; }

    public static LoadResult Parse(string json) => JsonSerializer.Deserialize<LoadResult>(json)!;

    public override string ToString() => JsonSerializer.Serialize(this);
}
