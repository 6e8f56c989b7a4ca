using System.Security;
using System.Text;

namespace Bench.Report;

/// <summary>A bar for each figure: the gateway divided by the best peer, with each peer as a dot. Colours that are read on white and on black.</summary>
internal static class Plot
{
    private const int Width = 890;
    private const int Left = 330;
    private const int Right = 730;
    private const int Top = 46;
    private const int Step = 28;
    private const double MaxRatio = 3;

    private const string Grey = "#7d8590";
    private const string Slower = "#4184e4";
    private const string Faster = "#2da44e";

    private static readonly Dictionary<string, string> Colours = new() { ["nginx"] = "#d1782f", ["haproxy"] = "#a371f7", ["caddy"] = "#c9a227" };

    /// <param name="results">Of the run.</param>
    /// <param name="title">A figure's, in the wanted language.</param>
    /// <param name="legend">What the line at 1 and the bars are.</param>
    public static string Write(Results results, Func<Figure, string> title, string legend)
    {
        var gateway = results.Proxies.First(p => p.Proxy.IsGateway).Name;
        var figures = Figure.All.Where(f => results.BestPeer(f) is { Value: > 0 } && results.Median(f.Row, gateway, f.Value) is not null).ToArray();
        var height = Top + (figures.Length * Step) + 12;
        var text = new StringBuilder();
        text.AppendLine($"""<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {Width} {height}" width="{Width}" height="{height}" font-family="system-ui, sans-serif" font-size="13" fill="{Grey}">""");
        WriteLegend(text, results, legend);
        var one = X(1);
        text.AppendLine($"""<line x1="{one:0}" x2="{one:0}" y1="{Top - 12}" y2="{height - 8}" stroke="{Grey}" stroke-dasharray="3 3"/>""");
        for (var i = 0; i < figures.Length; i++)
        {
            WriteFigure(text, results, figures[i], gateway, title(figures[i]), Top + (i * Step));
        }

        text.AppendLine("</svg>");
        return text.ToString();
    }

    private static void WriteLegend(StringBuilder text, Results results, string legend)
    {
        text.AppendLine($"""<text x="12" y="18" font-weight="600">{SecurityElement.Escape(legend)}</text>""");
        var x = Right - 50;
        foreach (var peer in results.Proxies.Where(p => p.Proxy.IsPeer))
        {
            text.AppendLine($"""<circle cx="{x}" cy="14" r="4" fill="{Colours[peer.Name]}"/><text x="{x + 8}" y="18" font-size="12">{peer.Proxy.Title}</text>""");
            x += 74;
        }
    }

    private static void WriteFigure(StringBuilder text, Results results, Figure figure, string gateway, string title, int y)
    {
        var best = results.BestPeer(figure)!.Value.Value;
        var value = results.Median(figure.Row, gateway, figure.Value)!.Value;
        var ratio = value / best;
        var middle = y + 9;
        text.AppendLine($"""<text x="{Left - 12}" y="{y + 14}" text-anchor="end">{SecurityElement.Escape(title)}</text>""");
        text.AppendLine($"""<rect x="{Left}" y="{y}" width="{X(ratio) - Left:0.0}" height="18" rx="2" fill="{(ratio <= 1 ? Faster : Slower)}"/>""");
        foreach (var peer in results.Proxies.Where(p => p.Proxy.IsPeer))
        {
            if (results.Median(figure.Row, peer.Name, figure.Value) is { } other)
            {
                text.AppendLine($"""<circle cx="{X(other / best):0.0}" cy="{middle}" r="4" fill="{Colours[peer.Name]}" stroke="#fff" stroke-width="1"/>""");
            }
        }

        var more = ratio > MaxRatio ? "→ " : "";
        text.AppendLine($"""<text x="{Right + 12}" y="{y + 14}"><tspan font-weight="600">{more}{ratio:0.00}×</tspan>  {MarkdownReport.Number(value)} {figure.Unit}</text>""");
    }

    private static double X(double ratio) => Left + ((Right - Left) * Math.Min(ratio, MaxRatio) / MaxRatio);
}
