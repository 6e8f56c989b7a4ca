using System.Globalization;
using System.Text.Json.Nodes;
using Gateway.EndToEnd.Harness;

namespace Gateway.EndToEnd.Status;

/// <summary>Debian's Prometheus reads the metrics, and finds a call as a call.</summary>
public sealed class PrometheusTests(SharedGateway shared) : IClassFixture<SharedGateway>
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task PromtoolFindsNothingWrongWithTheMetrics()
    {
        Require.Tool("promtool");
        var watched = shared.Watched;
        using var client = new HttpClient { BaseAddress = watched.Admin };
        var path = watched.Folder.Write("metrics.txt", await client.GetStringAsync("/metrics", Cancellation));

        var check = await RunningProgram.RunAsync("sh", ["-c", "promtool check metrics < \"$1\"", "sh", path], watched.Folder);

        Assert.True(check.ExitCode == 0, check.ToString());
        Assert.Equal("", check.Output + check.Error);
    }

    [Fact]
    public async Task PrometheusScrapesThemAndACallIsACallWithItsBytesAndItsCloseCode()
    {
        Require.Tool("prometheus");
        var watched = shared.Watched;
        var port = Ports.Free();
        var config = watched.Folder.Write("prometheus.yml", $$"""
            global: { scrape_interval: 1s }
            scrape_configs:
              - job_name: gateway
                static_configs: [ { targets: [ "127.0.0.1:{{watched.AdminPort}}" ] } ]
            """);
        await using var prometheus = RunningProgram.Start("prometheus",
            [$"--config.file={config}", $"--storage.tsdb.path={watched.Folder["tsdb"]}", $"--web.listen-address=127.0.0.1:{port}"], watched.Folder);
        await prometheus.WaitForLineAsync("Server is ready to receive web requests");
        using var client = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{port}") };
        async Task<double?> AskAsync(string query)
        {
            var answer = JsonNode.Parse(await client.GetStringAsync("/api/v1/query?query=" + Uri.EscapeDataString(query), Cancellation))!;
            var results = answer["data"]!["result"]!.AsArray();
            return results.Count == 1 ? double.Parse(results[0]!["value"]![1]!.GetValue<string>(), CultureInfo.InvariantCulture) : null;
        }

        async Task FindAsync(double expected, string query)
        {
            double? found = null;
            for (var tries = 0; tries < 150 && found != expected; tries++)
            {
                found = await AskAsync(query);
                await Task.Delay(found == expected ? 0 : 200, Cancellation);
            }

            Assert.True(found == expected, $"{query} is {found} and not {expected}");
        }

        await FindAsync(1, "up{job=\"gateway\"}");
        await FindAsync(12, "gateway_requests_total{route=\"voice\",code=\"200\"}");
        await FindAsync(1, "gateway_requests_total{route=\"web\",code=\"404\"}");
        await FindAsync(12, "gateway_request_duration_seconds_count{route=\"voice\"}");
        await FindAsync(60_000, "gateway_request_bytes_total{route=\"voice\",code=\"200\"}");
        await FindAsync(24_000, "gateway_response_bytes_total{route=\"voice\",code=\"200\"}");
        await FindAsync(1, "gateway_websockets_open{route=\"video\"}");
        await FindAsync(2, "gateway_websockets_opened_total{route=\"video\"}");
        await FindAsync(1, "gateway_websockets_closed_total{route=\"video\",by=\"client\",code=\"4001\"}");
        await FindAsync(7, "gateway_websocket_messages_total{route=\"video\",from=\"client\"}");
        // 106 bytes a frame of 100 that is masked; the close frame has a code and six letters. 504 a frame of 500.
        await FindAsync((7 * 106) + 14, "gateway_websocket_bytes_total{route=\"video\",from=\"client\"}");
        await FindAsync((7 * 504) + 4, "gateway_websocket_bytes_total{route=\"video\",from=\"service\"}");
        await FindAsync(1, "gateway_service_failures_total{cluster=\"down\",reason=\"refused\"}");
        await FindAsync(0, "gateway_service_up{cluster=\"down\"}");
        await FindAsync(1, "gateway_service_up{cluster=\"video\"}");
        await FindAsync(1, "gateway_certificate_expiry_timestamp_seconds > bool time()");
        await FindAsync(0, "sum(gateway_requests_total{route=\"video\"}) or vector(0)");
    }

    [Fact]
    public async Task TheDashboardAsksForMetricsThatThereAre()
    {
        var watched = shared.Watched;
        using var client = new HttpClient { BaseAddress = watched.Admin };
        var metrics = await client.GetStringAsync("/metrics", Cancellation);
        var dashboard = await File.ReadAllTextAsync(Path.Combine(Repository.Root, "deploy/grafana-dashboard.json"), Cancellation);

        var asked = System.Text.RegularExpressions.Regex.Matches(JsonNode.Parse(dashboard)!.ToJsonString(), "(gateway|process|dotnet)_[a-z_]+").Select(match => match.Value)
            .Select(name => name.EndsWith("_bucket", StringComparison.Ordinal) ? name[..^7] : name).Distinct().ToArray();

        Assert.True(asked.Length > 10);
        Assert.All(asked, name => Assert.Contains($"# TYPE {name} ", metrics, StringComparison.Ordinal));
    }
}
