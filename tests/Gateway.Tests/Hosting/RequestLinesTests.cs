using System.Text;
using System.Text.Json;
using Gateway.Hosting;
using Gateway.Observability;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;
using Serilog;
using Serilog.Events;
using Serilog.Extensions.Logging;

namespace Gateway.Tests.Hosting;

/// <summary>A record that goes straight to standard output says what it would say by way of Serilog.</summary>
public sealed class RequestLinesTests
{
    private static readonly AccessRecord Usual = new(
        new DateTimeOffset(2026, 11, 29, 18, 15, 44, 858, TimeSpan.Zero), "127.0.0.1", null, "GET", "app.example.com:5443", "/api/small", "HTTP/1.1", 200, 111,
        TimeSpan.FromMicroseconds(2640), null, "curl/8", "voice", "http://127.0.0.1:9000", "0HNQE8HQVURS8:00000058");

    public static TheoryData<string> Paths => ["/", "/a\"b\\c", "/\u0001\t\r\n\u007f", "/你好/é", "/😀", "/\ud800x", "/" + new string('x', 20_000), "/" + new string('\u0002', 3_000)];

    public static TheoryData<double> Durations => [0, 0.04, 0.06, 0.96, 1, 9.94, 9.96, 12345.67, 86_400_000.1];

    [Fact]
    public void ALineHasEverythingThatTheMessageNames()
    {
        var line = Direct(Usual);

        Assert.Equal(
            """{"@t":"2026-11-29T18:15:44.8580000Z","@m":"127.0.0.1 GET app.example.com:5443/api/small 200 111 B 2.6 ms voice http://127.0.0.1:9000 HTTP/1.1 0HNQE8HQVURS8:00000058","""
            + """ "Client":"127.0.0.1","Method":"GET","Host":"app.example.com:5443","Path":"/api/small","StatusCode":200,"Bytes":111,"Duration":2.6,"Route":"voice","""[1..]
            + """ "Destination":"http://127.0.0.1:9000","Protocol":"HTTP/1.1","RequestId":"0HNQE8HQVURS8:00000058","SourceContext":"Gateway.Observability.AccessLog"}"""[1..] + "\n",
            line);
    }

    [Theory]
    [MemberData(nameof(Paths))]
    public void NoTextBreaksALine(string path) => AssertSame(Usual with { Path = path, Host = path, RequestId = path });

    [Theory]
    [MemberData(nameof(Durations))]
    public void DurationsAreTenthsOfAMillisecond(double milliseconds) => AssertSame(Usual with { Duration = TimeSpan.FromMilliseconds(milliseconds) });

    [Fact]
    public void WhatTheGatewayAnsweredItselfHasNoRoute() => AssertSame(Usual with { Route = null, Destination = null, Status = 404, Bytes = long.MaxValue });

    [Fact]
    public void WhereOneRequestWentIsNotSaidOfAnother()
    {
        // More than are remembered, and the same objects again in other company: first all of a destination, then all destinations of a route.
        string?[] destinations = [null, .. Enumerable.Range(0, 200).Select(i => $"http://service{i}/\"")];
        AccessRecord[] records =
        [
            .. from destination in destinations
               from route in new[] { "voice", "v\"" }
               from protocol in new[] { "HTTP/1.1", "HTTP/1.0" }
               select Usual with { Route = route, Destination = destination, Protocol = protocol },
        ];
        records = [.. records, .. records.OrderBy(r => (r.Route, r.Protocol))];

        var lines = Direct(records, LogEventLevel.Information).Split('\n', StringSplitOptions.RemoveEmptyEntries);

        Assert.Equal(
            records.Select(r => $"{r.Route} {r.Destination ?? "-"} {r.Protocol}"),
            lines.Select(Properties).Select(p => $"{p["Route"]} {p["Destination"]} {p["Protocol"]}"));
        Assert.All(lines.Select(Properties), p => Assert.EndsWith($" ms {p["Route"]} {p["Destination"]} {p["Protocol"]} {p["RequestId"]}", p["@m"], StringComparison.Ordinal));
    }

    [Fact]
    public void AUnixSocketHasNoAddress() => Assert.Contains("\"Client\":\"-\"", Direct(Usual with { Client = null }), StringComparison.Ordinal);

    [Fact]
    public void WithoutTheLevelThereIsNoLine() => Assert.Empty(Direct(Usual, LogEventLevel.Warning));

    private static void AssertSame(AccessRecord record)
    {
        var direct = Direct(record);
        Assert.Equal(1, direct.Count(c => c == '\n'));
        var (expected, actual) = (Properties(BySerilog(record)), Properties(direct));
        Assert.Equal(expected.Keys.Order(), actual.Keys.Order());
        foreach (var (name, value) in expected)
        {
            Assert.Equal(value, actual[name]);
        }
    }

    private static Dictionary<string, string> Properties(string line)
    {
        using var json = JsonDocument.Parse(line);
        return json.RootElement.EnumerateObject().Where(p => p.Name != "@t").ToDictionary(p => p.Name, p => p.Value.ToString());
    }

    private static string Direct(AccessRecord record, LogEventLevel level = LogEventLevel.Information) => Direct([record], level);

    private static string Direct(IEnumerable<AccessRecord> records, LogEventLevel level)
    {
        using var bytes = new MemoryStream();
        using var loggers = new SerilogLoggerFactory(new LoggerConfiguration().MinimumLevel.Is(level).CreateLogger(), dispose: true);
        using (var output = new StandardOutput(bytes, new FakeTimeProvider()))
        {
            var lines = new RequestLines(loggers.CreateLogger<AccessLog>(), output);
            foreach (var record in records)
            {
                lines.Write(record);
            }
        }

        return Encoding.UTF8.GetString(bytes.ToArray());
    }

    private static string BySerilog(AccessRecord record)
    {
        using var bytes = new MemoryStream();
        var output = new StandardOutput(bytes, new FakeTimeProvider());
        using (var loggers = new SerilogLoggerFactory(new LoggerConfiguration().WriteTo.Sink(output).CreateLogger(), dispose: true))
        {
            new LoggedRequests(loggers.CreateLogger<AccessLog>()).Write(record);
        }

        return Encoding.UTF8.GetString(bytes.ToArray());
    }
}
