using System.Collections.Concurrent;

namespace Gateway.Proxying;

/// <summary>How often each service has failed since the start, and why; also where another destination stepped in.</summary>
internal sealed class ServiceFailures
{
    private readonly ConcurrentDictionary<FailureKey, long> _counts = new();

    public IReadOnlyDictionary<FailureKey, long> Counts => _counts;

    /// <param name="cluster">The cluster.</param>
    /// <param name="destination">Its address; null where none was chosen.</param>
    /// <param name="fault">Why.</param>
    public void Count(string cluster, string? destination, ServiceFault fault) =>
        _counts.AddOrUpdate(new FailureKey(cluster, destination ?? "", fault.Label), 1, static (_, count) => count + 1);
}

/// <summary>Failures that are counted together.</summary>
/// <param name="Destination">An address; empty where none was chosen.</param>
/// <param name="Reason">A label of <see cref="ServiceFault"/>.</param>
internal readonly record struct FailureKey(string Cluster, string Destination, string Reason);
