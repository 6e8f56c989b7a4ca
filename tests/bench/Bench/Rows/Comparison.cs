using Bench.Measuring;
using Bench.Proxies;
using Bench.Report;

namespace Bench.Rows;

/// <summary>All rows for all proxies, round after round, in another order each time.</summary>
internal sealed class Comparison(ComparisonOptions options, string folder)
{
    private const int ServicePort = 5001;
    private const int FirstPort = 8440;
    private const int FirstFreshPort = 8540;

    // Tiered compilation with its profile: some 15 s of small requests.
    private static readonly TimeSpan LongWarmup = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan MediumWarmup = TimeSpan.FromSeconds(6);
    private static readonly TimeSpan ShortWarmup = TimeSpan.FromSeconds(1);

    private readonly List<Measurement> _measurements = [];
    private readonly List<RunningProxy> _running = [];

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
        using var service = ChildProcess.StartIntoFile(
            [Environment.ProcessPath!, "service", $"{ServicePort}"], Path.Combine(folder, "service.log"), new Dictionary<string, string>());
        try
        {
            for (var i = 0; i < options.Proxies.Count; i++)
            {
                var proxy = options.Proxies[i];
                _running.Add(await RunningProxy.StartAsync(proxy, new Site(Path.Combine(folder, proxy.Name), FirstPort + i, ServicePort, credentials)));
            }

            var facts = new List<ProxyFacts>();
            foreach (var proxy in _running)
            {
                facts.Add(await ProxyFacts.AskAsync(proxy));
            }

            var results = new Results { Started = started, Rounds = 0, Seconds = options.Steady.TotalSeconds, Proxies = facts, Measurements = _measurements };
            for (var round = 1; round <= options.Rounds; round++)
            {
                foreach (var row in options.Rows)
                {
                    await MeasureAsync(row, round);
                }

                // A run takes long; what it has found is kept when it is broken off.
                results = results with { Rounds = round };
                ResultFiles.WriteOutput(results, options);
            }

            return results;
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

    private async Task MeasureAsync(IRow row, int round)
    {
        foreach (var (running, index) in InOrderOf(round).Where(r => row.Takes(r.Proxy.Proxy)))
        {
            var pace = new Pace(Warmup(row, running.Proxy, round), options.Steady, options.IsQuick);
            Measurement measurement;
            if (row.TakesFreshProxy)
            {
                var site = running.Site with { Folder = Path.Combine(folder, $"{running.Proxy.Name}-{row.Name}-{round}"), Port = FirstFreshPort + index };
                // What this program itself has not done for minutes, and the kernel has to read from the disk again, would count as the start of whoever is first.
                await _running.First(r => r != running || _running.Count == 1).AskAsync();
                await using var fresh = await RunningProxy.StartAsync(running.Proxy, site);
                measurement = await row.MeasureAsync(fresh, pace);
            }
            else
            {
                measurement = await row.MeasureAsync(running, pace);
            }

            _measurements.Add(measurement with { Round = round });
            await Console.Error.WriteLineAsync(ProgressLine.Of(_measurements[^1]));
        }
    }

    /// <summary>Each round begins with another proxy, and every other one goes backwards: what one leaves behind does not always meet the same.</summary>
    private IEnumerable<(RunningProxy Proxy, int Index)> InOrderOf(int round)
    {
        var order = _running.Select((proxy, i) => (proxy, i)).ToList();
        var first = (round - 1) % order.Count;
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
