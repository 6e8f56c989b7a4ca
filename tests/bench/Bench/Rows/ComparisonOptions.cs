using System.Globalization;
using Bench.Proxies;

namespace Bench.Rows;

/// <summary>What the command line asks for.</summary>
internal sealed record ComparisonOptions
{
    public const string Usage = """
        usage: tests/bench/run [options]

          --quick              a smoke test: every row for a moment, once; the figures mean nothing
          --rows A,B           calls echo http1 http2 upload download connect resume idle start
          --proxies A,B        gateway nginx haproxy caddy nginx-old; gateway stands for all that --gateway names
          --rounds N           3
          --seconds N          8: the steady phase of each row
          --gateway [NAME=]PATH
                               a gateway that was built before, instead of publishing one; several times for several variants
          --env [NAME:]KEY=VALUE
                               a variable of one gateway, or of all; several times
          --output FOLDER      also writes results.md and results.json there
          --record             writes tests/bench/results/DATE.*, the plots in docs and the tables of both READMEs; for a run of everything

        Ends with 1 when an answer was wrong or a connection broke, with 2 when the command line is wrong.
        """;

    public bool IsQuick { get; init; }

    public bool Records { get; init; }

    public required IReadOnlyList<IRow> Rows { get; init; }

    public required IReadOnlyList<Proxy> Proxies { get; init; }

    public int Rounds { get; init; } = 3;

    public TimeSpan Steady { get; init; } = TimeSpan.FromSeconds(8);

    public string? OutputFolder { get; init; }

    public static ComparisonOptions Parse(IReadOnlyList<string> arguments)
    {
        var (quick, records) = (false, false);
        var (rounds, seconds) = (0, 0.0);
        string? output = null;
        string[] rows = [], proxies = [];
        List<(string Name, string Path)> gateways = [];
        List<(string? Name, string Key, string Value)> variables = [];
        for (var i = 0; i < arguments.Count; i++)
        {
            var name = arguments[i];
            switch (name)
            {
                case "--quick": quick = true; break;
                case "--record": records = true; break;
                case "--rows": rows = Value().Split(','); break;
                case "--proxies": proxies = Value().Split(','); break;
                case "--rounds": rounds = int.Parse(Value(), CultureInfo.InvariantCulture); break;
                case "--seconds": seconds = double.Parse(Value(), CultureInfo.InvariantCulture); break;
                case "--output": output = Value(); break;
                case "--gateway": gateways.Add(Pair(Value(), '=', "gateway")); break;
                case "--env": variables.Add(Variable(Value())); break;
                default: throw new ArgumentException($"'{name}' is no option");
            }

            string Value() => ++i < arguments.Count ? arguments[i] : throw new ArgumentException($"{name} needs a value");
        }

        return new ComparisonOptions
        {
            IsQuick = quick,
            Records = records,
            Rounds = rounds > 0 ? rounds : quick ? 1 : 3,
            Steady = TimeSpan.FromSeconds(seconds > 0 ? seconds : quick ? 0.3 : 8),
            OutputFolder = output,
            Rows = Choose(AllRows.List, rows, r => r.Name, "row"),
            Proxies = ChooseProxies(gateways, variables, proxies),
        };
    }

    private static List<Proxy> ChooseProxies(
        List<(string Name, string Path)> gateways, List<(string? Name, string Key, string Value)> variables, string[] wanted)
    {
        if (variables.Find(v => v.Name is not null && gateways.TrueForAll(g => g.Name != v.Name)) is { Name: { } stranger })
        {
            throw new ArgumentException($"--env names '{stranger}', which no --gateway does");
        }

        var ours = gateways.Select(g => Gateways.Create(
            g.Name, g.Path, variables.Where(v => v.Name is null || v.Name == g.Name).ToDictionary(v => v.Key, v => v.Value))).ToArray();
        string[] names = [.. wanted.SelectMany(w => w == "gateway" ? ours.Select(o => o.Name) : [w])];
        return Choose([.. ours, .. Peers.All], names, p => p.Name, "proxy");
    }

    private static List<T> Choose<T>(IReadOnlyList<T> all, string[] wanted, Func<T, string> name, string what)
    {
        if (wanted.FirstOrDefault(w => all.All(a => name(a) != w)) is { } unknown)
        {
            throw new ArgumentException($"there is no {what} '{unknown}'; there are {string.Join(", ", all.Select(name))}");
        }

        return [.. all.Where(a => wanted.Length == 0 || wanted.Contains(name(a)))];
    }

    private static (string Name, string Path) Pair(string text, char separator, string otherwise) =>
        text.IndexOf(separator, StringComparison.Ordinal) is var at and > 0 && !text[..at].Contains('/', StringComparison.Ordinal)
            ? (text[..at], text[(at + 1)..]) : (otherwise, text);

    private static (string? Name, string Key, string Value) Variable(string text)
    {
        var at = text.IndexOf('=', StringComparison.Ordinal);
        if (at < 1)
        {
            throw new ArgumentException($"--env {text}: write KEY=VALUE or NAME:KEY=VALUE");
        }

        var (key, value) = (text[..at], text[(at + 1)..]);
        return key.IndexOf(':', StringComparison.Ordinal) is var colon and > 0 ? (key[..colon], key[(colon + 1)..], value) : (null, key, value);
    }
}
