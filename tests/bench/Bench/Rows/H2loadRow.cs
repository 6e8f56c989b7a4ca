using System.Globalization;
using System.Text.RegularExpressions;
using Bench.Content;
using Bench.Load;
using Bench.Measuring;
using Bench.Proxies;

namespace Bench.Rows;

/// <summary>Small requests over HTTP/2 from h2load.</summary>
internal sealed partial class H2loadRow : IRow
{
    private const int Connections = 16;
    private const int Streams = 16;

    public string Name => "http2";

    public bool TakesFreshProxy => false;

    public bool Takes(Proxy proxy) => proxy.HasHttp2;

    public async Task<Measurement> MeasureAsync(RunningProxy proxy, Pace pace)
    {
        await RunAsync(proxy, pace.Warmup);
        var window = new Window(proxy.ProcessId);
        var load = await RunAsync(proxy, pace.Steady);
        for (var again = 0; load.Units == 0 && pace.IsQuick && again < 5; again++)
        {
            // A starved machine: there may be many seconds before the first answer.
            load = await RunAsync(proxy, TimeSpan.FromSeconds(5));
        }

        var used = window.Close();
        return Measurement.Of(Name, proxy.Proxy.Name, load, used, ProcessTree.Memory(proxy.ProcessId));
    }

    private static async Task<LoadResult> RunAsync(RunningProxy proxy, TimeSpan time)
    {
        var seconds = Math.Max(1, (int)Math.Round(time.TotalSeconds));
        var log = Path.Combine(proxy.Site.Folder, "h2load.log");
        File.Delete(log);
        using var process = ChildProcess.StartWithOutput(
        [
            "h2load", "-t1", $"-c{Connections}", $"-m{Streams}", $"-D{seconds}", $"--log-file={log}",
            $"--connect-to=127.0.0.1:{proxy.Site.Port}", $"https://{TlsClient.Host}:{proxy.Site.Port}/api/small",
        ]);
        var output = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        var (requests, codes, traffic) = (Requests().Match(output), Codes().Match(output), Traffic().Match(output));
        if (!requests.Success || !codes.Success || !traffic.Success || !output.Contains("Application protocol: h2\n", StringComparison.Ordinal))
        {
            throw new InvalidOperationException($"h2load gave no result:\n{output}");
        }

        // Answers that had only begun at the end have a status already.
        var right = Number(requests, 1);
        var errors = Number(codes, 1) + Number(codes, 2) + Number(codes, 3) + Number(requests, 2) + Number(requests, 3) + Number(requests, 4);
        if (Number(traffic, 1) < right * Answers.Small.Length)
        {
            errors++;
        }

        // Start of the request, status, microseconds.
        var times = File.ReadLines(log).Select(l => int.Parse(l.AsSpan(l.LastIndexOf('\t') + 1), CultureInfo.InvariantCulture)).Order().ToArray();
        File.Delete(log);
        return new LoadResult
        {
            Units = right,
            Seconds = seconds,
            P50 = times.Length == 0 ? 0 : times[times.Length / 2] / 1e3,
            P99 = times.Length == 0 ? 0 : times[(int)(0.99 * (times.Length - 1))] / 1e3,
            Errors = errors,
            FirstError = errors == 0 ? null : output,
        };
    }

    private static long Number(Match match, int group) => long.Parse(match.Groups[group].ValueSpan, CultureInfo.InvariantCulture);

    [GeneratedRegex(@"(\d+) succeeded, (\d+) failed, (\d+) errored, (\d+) timeout")]
    private static partial Regex Requests();

    [GeneratedRegex(@"status codes: \d+ 2xx, (\d+) 3xx, (\d+) 4xx, (\d+) 5xx")]
    private static partial Regex Codes();

    [GeneratedRegex(@"\((\d+)\) data")]
    private static partial Regex Traffic();
}
