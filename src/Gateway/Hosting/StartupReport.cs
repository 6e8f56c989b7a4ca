using System.Globalization;
using System.Reflection;
using Gateway.Certificates;
using Gateway.Configuration;
using Gateway.Observability;

namespace Gateway.Hosting;

/// <summary>What a person reads first: what is served, with which certificate, to where, and whether it is up.</summary>
internal sealed record StartupReport(
    string Version,
    string ConfigurationFile,
    IReadOnlyList<EndpointLine> Endpoints,
    IReadOnlyList<RouteLine> Routes,
    IReadOnlyDictionary<string, bool> IsUp,
    string OpenAddress)
{
    /// <summary>What is done by ACME; empty when nothing is.</summary>
    public IReadOnlyList<AcmeLine> Acme { get; init; } = [];

    /// <summary>What is wrong with the programs that ACME needs.</summary>
    public IReadOnlyList<string> HookWarnings { get; init; } = [];

    /// <summary>The folder of the gateway's own files; null when there are none.</summary>
    public string? FilesRoot { get; init; }

    /// <summary>Asks every destination whether it accepts connections, for a second at most.</summary>
    public static async Task<StartupReport> CreateAsync(
        GatewayConfiguration configuration, ServedCertificates certificates, CancellationToken cancellationToken)
    {
        var routes = RouteLine.All(configuration);
        var addresses = routes.SelectMany(r => r.Destinations).Distinct().ToArray();
        var up = await Task.WhenAll(addresses.Select(a => ServiceProbe.IsUpAsync(a, cancellationToken)));

        return new StartupReport(
            ProductVersion,
            configuration.FilePath,
            EndpointLine.All(configuration, certificates.Table),
            routes,
            addresses.Zip(up).ToDictionary(pair => pair.First, pair => pair.Second),
            EndpointLine.OpenAddress(configuration, certificates.Table))
        {
            Acme = configuration.Acme is { } acme ? AcmeLine.All(acme) : [],
            HookWarnings = configuration.Acme is { } hooks ? [.. AcmeLine.HookWarnings(hooks)] : [],
            FilesRoot = configuration.Gateway.StaticFiles?.Root,
        };
    }

    /// <summary>As built, without the commit.</summary>
    public static string ProductVersion { get; } =
        typeof(StartupReport).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion.Split('+')[0];

    public void Write(TextWriter output)
    {
        output.WriteLine($"gateway {Version}   {ConfigurationFile}: valid");
        output.WriteLine();
        WriteColumns(output, [.. Endpoints.Select(e => new[] { e.Address, e.Description })]);
        output.WriteLine();
        WriteColumns(output, [.. Routes.SelectMany(RouteColumns), .. FilesRoot is { } root ? new[] { new[] { "everything else", "-> files in " + root } } : []]);
    }

    private IEnumerable<string[]> RouteColumns(RouteLine route) => route.Answer is { } answer
        ? [[route.Pattern, "-> " + answer]]
        : route.Destinations.Select((destination, i) => new[]
        {
            i == 0 ? route.Pattern : "",
            "-> " + destination,
            IsUp[destination] ? "up" : "down",
        });

    private static void WriteColumns(TextWriter output, IReadOnlyList<string[]> rows)
    {
        var columns = rows.Count == 0 ? 0 : rows.Max(r => r.Length);
        var widths = Enumerable.Range(0, columns).Select(c => rows.Max(r => r[c].Length)).ToArray();
        foreach (var row in rows)
        {
            output.WriteLine("  " + string.Join("   ", row.Select((cell, c) => cell.PadRight(widths[c]))).TrimEnd());
        }
    }
}
