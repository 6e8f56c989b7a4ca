using System.Collections.Concurrent;
using System.Text;
using Gateway.EndToEnd.Harness;
using Gateway.Tests.Hosting;
using Microsoft.AspNetCore.Http;

namespace Gateway.EndToEnd.Status;

/// <summary>Traces and metrics over OTLP, to a collector that keeps what it gets.</summary>
public sealed class TelemetryTests
{
    [Fact]
    public async Task ACollectorGetsTracesWithRouteAndServiceAndMetricsOfCalls()
    {
        var received = new ConcurrentDictionary<string, string>();
        await using var collector = await TestService.StartAsync(async context =>
        {
            using var body = new MemoryStream();
            await context.Request.Body.CopyToAsync(body);
            received.AddOrUpdate(context.Request.Path, _ => Encoding.Latin1.GetString(body.ToArray()), (_, before) => before + Encoding.Latin1.GetString(body.ToArray()));
            context.Response.ContentType = "application/x-protobuf";
        });
        await using var watched = await WatchedGateway.StartAsync(new Dictionary<string, string?>
        {
            ["OTEL_EXPORTER_OTLP_ENDPOINT"] = collector.Address,
            ["OTEL_EXPORTER_OTLP_PROTOCOL"] = "http/protobuf",
            ["OTEL_BSP_SCHEDULE_DELAY"] = "200",
            ["OTEL_METRIC_EXPORT_INTERVAL"] = "500",
        });

        string Of(string path) => received.GetValueOrDefault(path, "");
        var cancellation = TestContext.Current.CancellationToken;
        for (var tries = 0; tries < 300 && !(Of("/v1/traces").Contains("/api/{**rest}", StringComparison.Ordinal) && Of("/v1/metrics").Contains("gateway.websockets.opened", StringComparison.Ordinal)); tries++)
        {
            await Task.Delay(100, cancellation);
        }

        // The texts stand in protobuf as they are.
        var traces = Of("/v1/traces");
        Assert.Contains("service.name", traces, StringComparison.Ordinal);
        Assert.Contains("http.route", traces, StringComparison.Ordinal);
        Assert.Contains("/api/{**rest}", traces, StringComparison.Ordinal);
        Assert.Contains("http.response.status_code", traces, StringComparison.Ordinal);
        // The request to the service is a span of its own below it.
        Assert.Contains("System.Net.Http", traces, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", traces, StringComparison.Ordinal);
        var metrics = Of("/v1/metrics");
        Assert.Contains("gateway.websockets.opened", metrics, StringComparison.Ordinal);
        Assert.Contains("http.server.request.duration", metrics, StringComparison.Ordinal);
        Assert.Contains("kestrel.active_connections", metrics, StringComparison.Ordinal);
    }
}
