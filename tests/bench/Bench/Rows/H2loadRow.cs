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
        // By time it never ends when the time is over before all connections are open, as on a starved machine; by number it takes its time.
        string[] warmup = pace.IsQuick ? [$"-n{Connections * Streams}"] : [Duration(pace.Warmup)];
        string[] steady = pace.IsQuick ? [$"-n{2 * Connections * Streams}"] : [Duration(pace.Steady)];
        await RunAsync(proxy, warmup);
        var window = new Window(proxy.ProcessId);
        var load = await RunAsync(proxy, steady);
        var used = window.Close();
        return Measurement.Of(Name, proxy.Proxy.Name, load, used, ProcessTree.Memory(proxy.ProcessId));
    }

    private static string Duration(TimeSpan time) => $"-D{Math.Max(1, (int)Math.Round(time.TotalSeconds))}";

    private static async Task<LoadResult> RunAsync(RunningProxy proxy, string[] size)
    {
        var log = Path.Combine(proxy.Site.Folder, "h2load.log");
        File.Delete(log);
        using var process = ChildProcess.StartWithOutput(
        [
            "timeout", "120", "h2load", "-t1", $"-c{Connections}", $"-m{Streams}", .. size, $"--log-file={log}",
            $"--connect-to=127.0.0.1:{proxy.Site.Port}", $"https://{TlsClient.Host}:{proxy.Site.Port}/api/small",
        ]);
        var output = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        var (finished, requests, codes, traffic) = (Finished().Match(output), Requests().Match(output), Codes().Match(output), Traffic().Match(output));
        if (!finished.Success || !requests.Success || !codes.Success || !traffic.Success || !output.Contains("Application protocol: h2\n", StringComparison.Ordinal))
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
            Seconds = double.Parse(finished.Groups[1].ValueSpan, CultureInfo.InvariantCulture) * (finished.Groups[2].Value == "ms" ? 1e-3 : 1),
            P50 = times.Length == 0 ? 0 : times[times.Length / 2] / 1e3,
            P99 = times.Length == 0 ? 0 : times[(int)(0.99 * (times.Length - 1))] / 1e3,
            Errors = errors,
            FirstError = errors == 0 ? null : output,
        };
    }

    private static long Number(Match match, int group) => long.Parse(match.Groups[group].ValueSpan, CultureInfo.InvariantCulture);

    [GeneratedRegex(@"finished in ([\d.]+)(m?s)")]
    private static partial Regex Finished();

    [GeneratedRegex(@"(\d+) succeeded, (\d+) failed, (\d+) errored, (\d+) timeout")]
    private static partial Regex Requests();

    [GeneratedRegex(@"status codes: \d+ 2xx, (\d+) 3xx, (\d+) 4xx, (\d+) 5xx")]
    private static partial Regex Codes();

    [GeneratedRegex(@"\((\d+)\) data")]
    private static partial Regex Traffic();
}
