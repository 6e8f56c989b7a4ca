using Bench.Measuring;
using Bench.Proxies;

namespace Bench.Rows;

/// <summary>What an open WebSocket costs in memory that nobody says anything over.</summary>
internal sealed class IdleRow : IRow
{
    private const int Connections = 2500;
    private const int QuickConnections = 100;

    public string Name => "idle";

    public bool TakesFreshProxy => true;

    public bool Takes(Proxy proxy) => true;

    public async Task<Measurement> MeasureAsync(RunningProxy proxy, Pace pace)
    {
        var connections = pace.IsQuick ? QuickConnections : Connections;
        var wait = TimeSpan.FromSeconds(pace.IsQuick ? 0.1 : 2);
        // A first few, so that what is loaded once is not taken for theirs; not before the start is over, after which a proxy may give memory back.
        await Task.Delay(wait);
        var brief = new Pace(TimeSpan.Zero, TimeSpan.Zero, pace.IsQuick);
        using (var first = LoadProcess.Start(Name, proxy.Site, pace.IsQuick ? 5 : 50, brief))
        {
            await first.SteadyAsync();
            await first.OverAsync();
            await first.ResultAsync();
        }

        await Task.Delay(wait);
        var before = ProcessTree.Memory(proxy.ProcessId).Proportional;
        using var load = LoadProcess.Start(Name, proxy.Site, connections, new Pace(wait, wait / 4, pace.IsQuick));
        await load.SteadyAsync();
        var (resident, proportional) = ProcessTree.Memory(proxy.ProcessId);
        await load.OverAsync();
        var result = await load.ResultAsync();
        return new Measurement
        {
            Row = Name,
            Proxy = proxy.Proxy.Name,
            ConnectionKilobytes = (proportional - before) / 1024.0 / connections,
            MemoryMegabytes = proportional / 1e6,
            ResidentMegabytes = resident / 1e6,
            Units = connections,
            Errors = result.Errors,
            FirstError = result.FirstError,
        };
    }
}
