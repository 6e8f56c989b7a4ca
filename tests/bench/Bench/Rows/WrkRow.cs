using System.Globalization;
using Bench.Content;
using Bench.Load;
using Bench.Measuring;
using Bench.Proxies;

namespace Bench.Rows;

/// <summary>Small requests over HTTP/1.1 from wrk.</summary>
internal sealed class WrkRow : IRow
{
    private const int Connections = 64;

    // No function for each answer: it would cost more than the request.
    private const string Script = """
        function done(summary, latency, requests)
          local e = summary.errors
          io.write(string.format("result %d %d %d %d %d %d\n", summary.requests, summary.bytes, summary.duration,
            latency:percentile(50), latency:percentile(99), e.connect + e.read + e.write + e.status + e.timeout))
        end
        """;

    public string Name => "http1";

    public bool TakesFreshProxy => false;

    public bool Takes(Proxy proxy) => true;

    public async Task<Measurement> MeasureAsync(RunningProxy proxy, Pace pace)
    {
        var script = proxy.Site.Write("wrk.lua", Script);
        await RunAsync(proxy, script, pace.Warmup);
        var window = new Window(proxy.ProcessId);
        var (load, bytes) = await RunAsync(proxy, script, pace.Steady);
        for (var again = 0; load.Units == 0 && pace.IsQuick && again < 5; again++)
        {
            // A starved machine: there may be many seconds before the first answer.
            (load, bytes) = await RunAsync(proxy, script, TimeSpan.FromSeconds(5));
        }

        var used = window.Close();
        if (bytes < load.Units * Answers.Small.Length)
        {
            load = load with { Errors = load.Errors + 1, FirstError = $"{load.Units} answers had {bytes} bytes" };
        }

        return Measurement.Of(Name, proxy.Proxy.Name, load, used, ProcessTree.Memory(proxy.ProcessId));
    }

    private static async Task<(LoadResult Load, long Bytes)> RunAsync(RunningProxy proxy, string script, TimeSpan time)
    {
        var seconds = Math.Max(1, (int)Math.Round(time.TotalSeconds));
        using var process = ChildProcess.StartWithOutput(
        [
            "wrk", "-t2", $"-c{Connections}", $"-d{seconds}s", "--timeout", "10s", "-s", script, $"https://{TlsClient.Host}:{proxy.Site.Port}/api/small",
        ]);
        var output = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        var line = output.Split('\n').FirstOrDefault(l => l.StartsWith("result ", StringComparison.Ordinal))
            ?? throw new InvalidOperationException($"wrk gave no result:\n{output}");
        var numbers = line.Split(' ')[1..].Select(n => long.Parse(n, CultureInfo.InvariantCulture)).ToArray();
        return (new LoadResult
        {
            Units = numbers[0],
            Seconds = numbers[2] / 1e6,
            P50 = numbers[3] / 1e3,
            P99 = numbers[4] / 1e3,
            Errors = numbers[5],
            FirstError = numbers[5] == 0 ? null : output,
        }, numbers[1]);
    }
}
