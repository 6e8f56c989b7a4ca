using Gateway.Configuration;
using Yarp.ReverseProxy;
using Yarp.ReverseProxy.Model;

namespace Gateway.Observability;

/// <summary>Which services are up. Asked when somebody looks, and not more often than every few seconds.</summary>
internal sealed class ServiceStates(IProxyStateLookup proxy, TimeProvider time)
{
    private static readonly TimeSpan Fresh = TimeSpan.FromSeconds(4);

    private readonly Lock _lock = new();
    private Task<IReadOnlyList<ServiceState>>? _last;
    private long _lastAt;

    public Task<IReadOnlyList<ServiceState>> LookAsync()
    {
        lock (_lock)
        {
            if (_last is null || time.GetElapsedTime(_lastAt) >= Fresh)
            {
                _lastAt = time.GetTimestamp();
                // For everybody who asks meanwhile, so nobody can cancel it; a second is the longest it takes.
                _last = AskAsync();
            }

            return _last;
        }
    }

    private async Task<IReadOnlyList<ServiceState>> AskAsync()
    {
        var destinations = proxy.GetClusters().OrderBy(cluster => cluster.ClusterId, StringComparer.Ordinal)
            .SelectMany(cluster => cluster.Destinations.Values.OrderBy(destination => destination.DestinationId, StringComparer.Ordinal)
                .Select(destination => (cluster, destination)))
            .ToArray();
        var addresses = destinations.Select(pair => pair.destination.Model.Config.Address).Distinct().ToArray();
        var up = await Task.WhenAll(addresses.Select(address => ServiceProbe.IsUpAsync(address, CancellationToken.None)));
        var isUp = addresses.Zip(up).ToDictionary(pair => pair.First, pair => pair.Second);
        return
        [
            .. destinations.Select(pair => new ServiceState(
                pair.cluster.ClusterId,
                pair.destination.DestinationId,
                pair.destination.Model.Config.Address,
                isUp[pair.destination.Model.Config.Address],
                IsLeftOut(pair.destination.Health))),
        ];
    }

    private static bool IsLeftOut(DestinationHealthState health) => health.Active == DestinationHealth.Unhealthy || health.Passive == DestinationHealth.Unhealthy;
}

/// <summary>One destination.</summary>
/// <param name="IsUp">Whether it accepts connections.</param>
/// <param name="IsLeftOut">Whether health checks have taken it out.</param>
internal sealed record ServiceState(string Cluster, string Destination, string Address, bool IsUp, bool IsLeftOut);
