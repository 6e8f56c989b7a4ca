using System.Globalization;
using Gateway.Hosting.Admin;

namespace Gateway.Cli;

/// <summary>The status as a terminal shows it.</summary>
internal static class StatusText
{
    private const string Bars = " ▁▂▃▄▅▆▇█";
    private const int SparkWidth = 20;
    private const int MostCalls = 10;
    private const int MostProblems = 5;

    public static void Write(StatusReport status, TextWriter output)
    {
        var state = status.IsDraining ? "ending" : status.IsReady ? "ready" : "starting";
        output.WriteLine($"gateway {status.Version} ({status.Mode}): {state}, running for {Span(status.Now - status.StartedAt)}");
        WriteConfiguration(status, output);
        output.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{status.Traffic.Connections} connections, {status.Traffic.InProgress} requests in progress, {status.Traffic.Calls} calls, {Bytes(status.Process.ResidentBytes)} memory, {Span(TimeSpan.FromSeconds(status.Process.ProcessorSeconds))} processor time"));
        Section(output, "Routes", ["", "LAST 100 S", "PER S", "MEDIAN", "95 %", "TOTAL", "ERRORS", "CALLS"], status.Routes.Select(Route));
        if (status.Calls.Count > 0)
        {
            Section(output, $"Calls ({status.Traffic.Calls})", ["CLIENT", "ROUTE", "PATH", "FOR", "FROM CLIENT", "FROM SERVICE", "SILENT"], status.Calls.Take(MostCalls).Select(call => Call(call, status.Now)));
        }

        Section(output, "Services", ["CLUSTER", "ADDRESS", "STATE", "FAILURES"], status.Services.Select(Service));
        Section(output, "Certificates", ["NAMES", "ISSUER", "EXPIRES", "RENEWAL"], status.Certificates.Select(certificate => Certificate(certificate, status.Now)));
        if (status.Limits.Count > 0)
        {
            Section(output, "Limits reached", ["LIMIT", "TIMES"], status.Limits.Select(limit => new[] { limit.Key, Number(limit.Value) }));
        }

        if (status.Problems.Count > 0)
        {
            output.WriteLine();
            output.WriteLine("Last problems");
            foreach (var problem in status.Problems.Take(MostProblems))
            {
                output.WriteLine($"  {Span(status.Now - problem.At) + " ago",-12} {(problem.IsError ? "ERR" : "WRN")} {(problem.Times > 1 ? $"{problem.Times} times: " : "")}{OneLine(problem.Text)}");
            }
        }
    }

    private static void WriteConfiguration(StatusReport status, TextWriter output)
    {
        var configuration = status.Configuration;
        output.WriteLine($"{configuration.File}: in force since {TimeText.Of(configuration.AppliedAt, status.Now)}");
        if (configuration.RejectedAt is { } rejected)
        {
            output.WriteLine($"  A later version was refused {TimeText.Of(rejected, status.Now)}:");
            foreach (var error in configuration.Errors)
            {
                output.WriteLine("  " + OneLine(error));
            }
        }
    }

    private static string[] Route(RouteStatus route) =>
    [
        route.Id == "-" ? "(the gateway itself)" : $"{route.Pattern} -> {route.Cluster}",
        Spark(route.History),
        Number(route.History.Count > 0 ? route.History[^1] : 0),
        Latency(route.Median),
        Latency(route.Percentile95),
        Number(route.Requests),
        Number(route.ServerErrors),
        route.Calls.Opened == 0 ? "-" : $"{Number(route.Calls.Open)} of {Number(route.Calls.Opened)}",
    ];

    private static string[] Call(CallStatus call, DateTimeOffset now) =>
    [
        call.Client, call.Route, OneLine(call.Path), Span(now - call.OpenedAt),
        $"{Bytes(call.BytesFromClient)} ({Number(call.MessagesFromClient)})",
        $"{Bytes(call.BytesFromService)} ({Number(call.MessagesFromService)})",
        Span(TimeSpan.FromSeconds(call.Silence)),
    ];

    private static string[] Service(ServiceStatusLine service) =>
    [
        service.Cluster, service.Address, !service.IsUp ? "DOWN" : service.IsLeftOut ? "left out" : "up",
        string.Join(", ", service.Failures.Select(failure => $"{Number(failure.Value)} {failure.Key}")),
    ];

    private static string[] Certificate(CertificateStatus certificate, DateTimeOffset now) =>
    [
        string.Join(", ", certificate.Names.Take(3)) + (certificate.Names.Count > 3 ? ", ..." : ""),
        certificate.Issuer,
        certificate.NotAfter is { } end ? (end <= now ? "EXPIRED " : "") + TimeText.Of(end, now) : "none yet",
        Renewal(certificate.Renewal, now),
    ];

    private static string Renewal(RenewalStatus? renewal, DateTimeOffset now) =>
        renewal is null ? ""
        : (renewal.NextAttempt is { } next ? TimeText.Of(next, now) : "")
            + (renewal.Failures > 0 ? $", {renewal.Failures} failed in a row: {OneLine(renewal.LastError ?? "")}" : "");

    private static void Section(TextWriter output, string title, string[] headings, IEnumerable<string[]> rows)
    {
        string[][] all = [headings, .. rows];
        output.WriteLine();
        output.WriteLine(title);
        if (all.Length == 1)
        {
            output.WriteLine("  none");
            return;
        }

        var widths = headings.Select((_, column) => all.Max(row => row[column].Length)).ToArray();
        foreach (var row in all)
        {
            output.WriteLine("  " + string.Join("  ", row.Select((text, column) => text.PadRight(widths[column]))).TrimEnd());
        }
    }

    private static string Spark(IReadOnlyList<double> history)
    {
        var last = history.TakeLast(SparkWidth).ToArray();
        var top = Math.Max(1, last.DefaultIfEmpty().Max());
        return new string([.. last.Select(value => Bars[value <= 0 ? 0 : Math.Max(1, (int)Math.Round(value / top * (Bars.Length - 1)))])]).PadLeft(SparkWidth);
    }

    private static string Latency(double? seconds) => seconds is not { } value ? "-"
        : value < 1 ? string.Create(CultureInfo.InvariantCulture, $"{value * 1000:0.#} ms")
        : string.Create(CultureInfo.InvariantCulture, $"{value:0.0} s");

    private static string Number(double value) => value.ToString("0.#", CultureInfo.InvariantCulture);

    private static string Bytes(long value)
    {
        string[] units = ["B", "KB", "MB", "GB", "TB"];
        var (size, unit) = ((double)value, 0);
        for (; size >= 1000 && unit < units.Length - 1; unit++)
        {
            size /= 1000;
        }

        return string.Create(CultureInfo.InvariantCulture, $"{size:0.#} {units[unit]}");
    }

    private static string Span(TimeSpan span) =>
        span.TotalSeconds < 100 ? Whole(Math.Max(0, span.TotalSeconds)) + " s"
        : span.TotalMinutes < 100 ? Whole(span.TotalMinutes) + " min"
        : span.TotalHours < 48 ? Whole(span.TotalHours) + " h"
        : Whole(span.TotalDays) + " d";

    private static string Whole(double value) => Math.Floor(value).ToString("0", CultureInfo.InvariantCulture);

    // What clients and services have written must not move the cursor.
    private static string OneLine(string text) => new([.. text.Select(c => char.IsControl(c) ? ' ' : c)]);
}
