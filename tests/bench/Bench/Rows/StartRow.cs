using Bench.Measuring;
using Bench.Proxies;

namespace Bench.Rows;

/// <summary>From the start of the program to its first answer over TLS, and its memory a while after.</summary>
internal sealed class StartRow : IRow
{
    public string Name => "start";

    public bool TakesFreshProxy => true;

    public bool Takes(Proxy proxy) => true;

    public async Task<Measurement> MeasureAsync(RunningProxy proxy, Pace pace)
    {
        var processor = ProcessTree.ProcessorTime(proxy.ProcessId);
        await Task.Delay(TimeSpan.FromSeconds(pace.IsQuick ? 0.1 : 2));
        var (resident, proportional) = ProcessTree.Memory(proxy.ProcessId);
        return new Measurement
        {
            Row = Name,
            Proxy = proxy.Proxy.Name,
            StartMilliseconds = proxy.FirstAnswer.TotalMilliseconds,
            StartProcessorMilliseconds = processor.TotalMilliseconds,
            MemoryMegabytes = proportional / 1e6,
            ResidentMegabytes = resident / 1e6,
            Units = 1,
        };
    }
}
