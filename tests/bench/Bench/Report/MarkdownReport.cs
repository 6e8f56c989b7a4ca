using System.Text;
using Bench.Rows;

namespace Bench.Report;

/// <summary>The results as tables for people.</summary>
internal static class MarkdownReport
{
    public static string Write(Results results)
    {
        var text = new StringBuilder();
        text.AppendLine($"{results.Started:yyyy-MM-dd HH:mm} UTC. {results.Processor}, {results.Cores} cores, {results.MemoryGigabytes} GB, Linux {results.Kernel}. "
            + $"Medians of {results.Rounds} rounds of {results.Seconds:0.#} s. Errors: {results.Measurements.Sum(m => m.Errors)}. "
            + $"Other programs took {Median([.. results.Measurements.Where(m => m.Seconds > 0).Select(m => m.Foreign)]):P0} of the machine (median), "
            + $"{results.Measurements.Select(m => m.Foreign).DefaultIfEmpty().Max():P0} at most.");
        text.AppendLine();
        WriteProxies(text, results);
        text.AppendLine(Table(results, f => f.Title, "work", "/ best peer", "goal"));
        WriteDetails(text, results);
        return text.ToString();
    }

    /// <summary>A line for each figure: every proxy's median, each gateway's ratio to the best peer, and the goal.</summary>
    /// <param name="results">Of the run.</param>
    /// <param name="title">A figure's, in the wanted language.</param>
    /// <param name="work">The first column's head.</param>
    /// <param name="ratio">The head of the ratio.</param>
    /// <param name="goal">The last column's head; null leaves it out.</param>
    public static string Table(Results results, Func<Figure, string> title, string work, string ratio, string? goal)
    {
        var gateways = results.Proxies.Where(p => p.Proxy.IsGateway).ToArray();
        var columns = new List<string> { work };
        columns.AddRange(results.Proxies.Select(p => p.Proxy.Title));
        columns.AddRange(gateways.Select(g => $"{g.Name} {ratio}"));
        if (goal is not null)
        {
            columns.Add(goal);
        }

        var text = new StringBuilder();
        text.AppendLine($"| {string.Join(" | ", columns)} |");
        text.AppendLine($"|---|{string.Concat(Enumerable.Repeat("---:|", columns.Count - 1))}");
        foreach (var figure in Figure.All.Where(f => results.Measurements.Any(m => m.Row == f.Row)))
        {
            var best = results.BestPeer(figure);
            var cells = new List<string> { $"{title(figure)}, {figure.Unit}" };
            cells.AddRange(results.Proxies.Select(p => Number(results.Median(figure.Row, p.Name, figure.Value))));
            cells.AddRange(gateways.Select(g => Ratio(results.Median(figure.Row, g.Name, figure.Value), best)));
            if (goal is not null)
            {
                cells.Add(gateways.Length == 0 || results.Median(figure.Row, gateways[^1].Name, figure.Value) is not { } value
                    ? "" : figure.Goal?.Judge(value, best?.Value, figure.Unit) ?? "");
            }

            text.AppendLine($"| {string.Join(" | ", cells)} |");
        }

        return text.ToString();
    }

    private static string Ratio(double? value, (string Proxy, double Value)? best) =>
        value is { } number && best is { } peer && peer.Value > 0 ? $"{number / peer.Value:0.00} ({peer.Proxy})" : "";

    private static void WriteProxies(StringBuilder text, Results results)
    {
        foreach (var proxy in results.Proxies)
        {
            var variables = string.Join(" ", proxy.Environment.Select(v => $"`{v.Key}={v.Value}`"));
            text.AppendLine($"- {proxy.Name}: {proxy.Version}, {proxy.Tls}{(variables.Length > 0 ? $", {variables}" : "")}");
        }

        text.AppendLine();
    }

    private static void WriteDetails(StringBuilder text, Results results)
    {
        text.AppendLine("| row | proxy | CPU, µs a unit | units/s | p50, ms | p99, ms | memory (PSS), MB | RSS, MB | errors | CPU of the rounds |");
        text.AppendLine("|---|---|---:|---:|---:|---:|---:|---:|---:|---|");
        foreach (var row in AllRows.List.Select(r => r.Name).Where(name => results.Measurements.Any(m => m.Row == name)))
        {
            foreach (var proxy in results.Proxies.Select(p => p.Name))
            {
                var rounds = results.Measurements.Where(m => m.Row == row && m.Proxy == proxy).ToArray();
                if (rounds.Length == 0)
                {
                    continue;
                }

                Func<Measurement, double?>[] columns =
                    [m => m.ProcessorMicroseconds, m => m.UnitsPerSecond, m => m.P50, m => m.P99, m => m.MemoryMegabytes, m => m.ResidentMegabytes];
                text.AppendLine($"| {row} | {proxy} | {string.Join(" | ", columns.Select(c => Number(results.Median(row, proxy, c))))} "
                    + $"| {rounds.Sum(m => m.Errors)} | {string.Join(", ", rounds.Select(m => Number(m.ProcessorMicroseconds ?? m.ConnectionKilobytes ?? m.StartMilliseconds)))} |");
            }
        }
    }

    private static double Median(double[] values)
    {
        Array.Sort(values);
        return values.Length == 0 ? 0 : values[values.Length / 2];
    }

    public static string Number(double? value) => value switch
    {
        null => "",
        >= 100 => $"{value:0}",
        >= 10 => $"{value:0.0}",
        _ => $"{value:0.00}",
    };
}
