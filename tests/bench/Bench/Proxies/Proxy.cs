namespace Bench.Proxies;

/// <summary>A program that is measured.</summary>
/// <param name="Name">In options and results.</param>
/// <param name="Title">In tables.</param>
/// <param name="Configure">Writes its configuration and gives its command line.</param>
internal sealed record Proxy(string Name, string Title, Func<Site, string[]> Configure)
{
    /// <summary>One of ours, and not what it is compared with.</summary>
    public bool IsGateway { get; init; }

    /// <summary>Counts for the best peer; nginx as it was once configured does not.</summary>
    public bool IsPeer { get; init; }

    public bool HasHttp2 { get; init; } = true;

    public IReadOnlyDictionary<string, string> Environment { get; init; } = new Dictionary<string, string>();

    /// <summary>Says its version.</summary>
    public string[] VersionCommand { get; init; } = [];
}
