using Bench.Measuring;
using Bench.Proxies;

namespace Bench.Rows;

/// <summary>A load of our own, in a process of its own.</summary>
/// <param name="name">As Program knows it.</param>
/// <param name="connections">How many at once.</param>
/// <param name="quickConnections">The same for CI.</param>
internal sealed class LoadRow(string name, int connections, int quickConnections) : IRow
{
    public string Name => name;

    public bool TakesFreshProxy => false;

    public bool Takes(Proxy proxy) => true;

    public async Task<Measurement> MeasureAsync(RunningProxy proxy, Pace pace)
    {
        using var load = LoadProcess.Start(name, proxy.Site, pace.IsQuick ? quickConnections : connections, pace);
        await load.SteadyAsync();
        var window = new Window(proxy.ProcessId);
        await load.OverAsync();
        var used = window.Close();
        var memory = ProcessTree.Memory(proxy.ProcessId);
        return Measurement.Of(name, proxy.Proxy.Name, await load.ResultAsync(), used, memory);
    }
}
