using System.Text.Encodings.Web;
using System.Text.Json;
using Bench.Rows;

namespace Bench.Report;

/// <summary>Where the results go besides the terminal. Paths are those of the clone, in which <c>run</c> starts this.</summary>
internal static class ResultFiles
{
    private static readonly JsonSerializerOptions Json = new() { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Into the folder that the command line names, if it does.</summary>
    public static void WriteOutput(Results results, ComparisonOptions options)
    {
        if (options.OutputFolder is { } folder)
        {
            WriteBoth(results, folder, "results");
        }
    }

    /// <summary>Into the repository, if that was asked for.</summary>
    public static void Record(Results results, ComparisonOptions options)
    {
        if (options.Records)
        {
            WriteBoth(results, "tests/bench/results", $"{results.Started:yyyy-MM-dd}");
            WriteReadme(
                results, "README.md", "docs/performance.svg", f => f.Title, "work", "/ best peer",
                "gateway / best of nginx, HAProxy, Caddy: shorter is better", "The gateway's cost divided by that of the best of nginx, HAProxy and Caddy");
            WriteReadme(
                results, "README.zh-CN.md", "docs/performance.zh-CN.svg", f => f.ChineseTitle, "工作", "/ 最佳对手",
                "gateway ÷ nginx、HAProxy、Caddy 中的最佳值，越短越好", "gateway 的开销除以 nginx、HAProxy、Caddy 中最佳者的开销");
        }
    }

    private static void WriteBoth(Results results, string folder, string name)
    {
        Directory.CreateDirectory(folder);
        File.WriteAllText(Path.Combine(folder, $"{name}.md"), MarkdownReport.Write(results));
        File.WriteAllText(Path.Combine(folder, $"{name}.json"), JsonSerializer.Serialize(results, Json) + "\n");
    }

    private static void WriteReadme(
        Results results, string readme, string plot, Func<Figure, string> title, string work, string ratio, string legend, string alternative)
    {
        const string begin = "<!-- tests/bench/run --record writes from here -->\n";
        const string end = "<!-- to here -->\n";
        File.WriteAllText(plot, Plot.Write(results, title, legend));
        var text = File.ReadAllText(readme);
        var (from, to) = (text.IndexOf(begin, StringComparison.Ordinal), text.IndexOf(end, StringComparison.Ordinal));
        if (from < 0 || to < from)
        {
            throw new InvalidOperationException($"{readme} has no place for the figures: '{begin.Trim()}' and '{end.Trim()}'");
        }

        var link = $"{results.Started:yyyy-MM-dd}, {results.Processor}, {results.Cores} × CPU";
        File.WriteAllText(readme, $"""
            {text[..from]}{begin}![{alternative}]({plot})

            {MarkdownReport.Table(results, title, work, ratio, goal: null)}
            [{link}](tests/bench/results/{results.Started:yyyy-MM-dd}.md)
            {text[to..]}
            """);
    }
}
