using Bench.Proxies;

namespace Bench.Rows;

/// <summary>One kind of work.</summary>
internal interface IRow
{
    string Name { get; }

    /// <summary>The proxy has to be one that was just started.</summary>
    bool TakesFreshProxy { get; }

    bool Takes(Proxy proxy);

    Task<Measurement> MeasureAsync(RunningProxy proxy, Pace pace);
}
