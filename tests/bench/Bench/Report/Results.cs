using Bench.Measuring;
using Bench.Proxies;
using Bench.Rows;

namespace Bench.Report;

/// <summary>Everything that a run found.</summary>
internal sealed record Results
{
    public required DateTimeOffset Started { get; init; }

    public string Processor { get; } = Machine.Processor;

    public int Cores { get; } = Environment.ProcessorCount;

    public string Kernel { get; } = Machine.Kernel;

    public int MemoryGigabytes { get; } = Machine.MemoryGigabytes;

    public required int Rounds { get; init; }

    public required double Seconds { get; init; }

    public required IReadOnlyList<ProxyFacts> Proxies { get; init; }

    public required IReadOnlyList<Measurement> Measurements { get; init; }

    /// <summary>The median of the rounds; null where the proxy was not measured.</summary>
    public double? Median(string row, string proxy, Func<Measurement, double?> value)
    {
        var values = Measurements.Where(m => m.Row == row && m.Proxy == proxy).Select(value).OfType<double>().Order().ToArray();
        return values.Length == 0 ? null : (values[(values.Length - 1) / 2] + values[values.Length / 2]) / 2;
    }

    /// <summary>The least of the peers' medians.</summary>
    public (string Proxy, double Value)? BestPeer(Figure figure) => Proxies
        .Where(p => p.Proxy.IsPeer)
        .Select(p => (p.Name, Value: Median(figure.Row, p.Name, figure.Value)))
        .Where(p => p.Value is not null)
        .Select(p => ((string, double)?)(p.Name, p.Value!.Value))
        .MinBy(p => p!.Value.Item2);
}
