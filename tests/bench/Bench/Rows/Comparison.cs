using Bench.Measuring;
using Bench.Proxies;
using Bench.Report;

namespace Bench.Rows;

/// <summary>
/// All rows for all proxies, round after round, in another order each time. The rows that start a proxy come first, while no other one runs: a second
/// gateway shares its program's pages with the first, and would be measured with half of its memory.
/// </summary>
internal sealed class Comparison(ComparisonOptions options, string folder)
{
    private const int ServicePort = 5001;
    private const int FirstPort = 8440;

    // Tiered compilation with its profile: some 15 s of small requests.
    private static readonly TimeSpan LongWarmup = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan MediumWarmup = TimeSpan.FromSeconds(6);
    private static readonly TimeSpan ShortWarmup = TimeSpan.FromSeconds(1);

    private readonly List<Measurement> _measurements = [];
    private readonly List<RunningProxy> _running = [];
    private IReadOnlyList<(Proxy Proxy, Site Site)> _sites = [];

    public static async Task<int> MainAsync(string[] arguments)
    {
        ComparisonOptions options;
        try
        {
            options = ComparisonOptions.Parse(arguments);
        }
        catch (Exception e) when (e is ArgumentException or FormatException or FileNotFoundException)
        {
            await Console.Error.WriteLineAsync($"{e.Message}\n\n{ComparisonOptions.Usage}");
            return 2;
        }

        var folder = Directory.CreateTempSubdirectory("gateway-bench-").FullName;
        try
        {
            var results = await new Comparison(options, folder).RunAsync();
            Console.WriteLine(MarkdownReport.Write(results));
            ResultFiles.Record(results, options);
            return results.Measurements.All(m => m.Errors == 0) ? 0 : 1;
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private async Task<Results> RunAsync()
    {
        var started = TimeProvider.System.GetUtcNow();
        var credentials = Credentials.Create(folder);
        _sites = [.. options.Proxies.Select((proxy, i) => (proxy, new Site(Path.Combine(folder, proxy.Name), FirstPort + i, ServicePort, credentials)))];
        using var service = ChildProcess.StartIntoFile(
            [Environment.ProcessPath!, "service", $"{ServicePort}"], Path.Combine(folder, "service.log"), new Dictionary<string, string>());
        try
        {
            // It warms this program up too: its own way to TLS is not counted as the first proxy's start.
            var facts = new List<ProxyFacts>();
            foreach (var (proxy, site) in _sites)
            {
                await using var running = await RunningProxy.StartAsync(proxy, site);
                facts.Add(await ProxyFacts.AskAsync(running));
            }

            var results = new Results { Started = started, Rounds = 0, Seconds = options.Steady.TotalSeconds, Proxies = facts, Measurements = _measurements };
            results = await RoundsAsync(results, [.. options.Rows.Where(row => row.TakesFreshProxy)]);
            foreach (var (proxy, site) in _sites)
            {
                _running.Add(await RunningProxy.StartAsync(proxy, site));
            }

            return await RoundsAsync(results, [.. options.Rows.Where(row => !row.TakesFreshProxy)]);
        }
        finally
        {
            foreach (var proxy in _running)
            {
                await proxy.DisposeAsync();
            }

            service.Kill();
        }
    }

    private async Task<Results> RoundsAsync(Results results, IReadOnlyList<IRow> rows)
    {
        for (var round = 1; round <= options.Rounds && rows.Count > 0; round++)
        {
            foreach (var row in rows)
            {
                await MeasureAsync(row, round);
            }

            // A run takes long; what it has found is kept when it is broken off.
            results = results with { Rounds = round };
            ResultFiles.WriteOutput(results, options);
        }

        return results;
    }

    private async Task MeasureAsync(IRow row, int round)
    {
        foreach (var index in OrderOf(round).Where(i => row.Takes(_sites[i].Proxy)))
        {
            var (proxy, site) = _sites[index];
            var pace = new Pace(Warmup(row, proxy, round), options.Steady, options.IsQuick);
            Measurement measurement;
            if (row.TakesFreshProxy)
            {
                await using var fresh = await RunningProxy.StartAsync(proxy, site with { Folder = Path.Combine(folder, $"{proxy.Name}-{row.Name}-{round}") });
                measurement = await row.MeasureAsync(fresh, pace);
            }
            else
            {
                measurement = await row.MeasureAsync(_running[index], pace);
            }

            _measurements.Add(measurement with { Round = round });
            await Console.Error.WriteLineAsync(ProgressLine.Of(_measurements[^1]));
        }
    }

    /// <summary>Each round begins with another proxy, and every other one goes backwards: what one leaves behind does not always meet the same.</summary>
    private int[] OrderOf(int round)
    {
        int[] order = [.. Enumerable.Range(0, _sites.Count)];
        var first = (round - 1) % order.Length;
        return round % 2 == 0
            ? [.. order[..(first + 1)].AsEnumerable().Reverse(), .. order[(first + 1)..].AsEnumerable().Reverse()]
            : [.. order[first..], .. order[..first]];
    }

    private TimeSpan Warmup(IRow row, Proxy proxy, int round) =>
        options.IsQuick ? TimeSpan.FromSeconds(0.2)
        : round > 1 || !proxy.IsGateway ? ShortWarmup
        : AllRows.SettlesSlowly(row) ? LongWarmup
        : MediumWarmup;
}
