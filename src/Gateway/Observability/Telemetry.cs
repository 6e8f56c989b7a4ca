using System.Diagnostics.Metrics;
using Gateway.Boundary.Limits;
using Gateway.Platform;
using Gateway.Proxying;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;

namespace Gateway.Observability;

/// <summary>Traces and metrics over OTLP, where OpenTelemetry's own variables ask for them. Where none does, nothing of it is set up.</summary>
internal static class Telemetry
{
    private const string ServiceName = "gateway";

    private const string Prefix = "OTEL_";

    // Each signal may have an address of its own.
    private static readonly string[] Endpoints =
        ["OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_METRICS_ENDPOINT"];

    public static bool IsWanted => Endpoints.Any(name => ProcessEnvironment.Variables().GetValueOrDefault(name) is { Length: > 0 });

    /// <param name="services">Of the host.</param>
    /// <param name="configuration">Of the host, where OpenTelemetry looks for its variables.</param>
    /// <param name="version">Of the gateway.</param>
    public static void Add(IServiceCollection services, IConfigurationBuilder configuration, string version)
    {
        configuration.AddInMemoryCollection(ProcessEnvironment.Variables()
            .Where(variable => variable.Key.StartsWith(Prefix, StringComparison.Ordinal))
            .Select(variable => KeyValuePair.Create(variable.Key, (string?)variable.Value)));
        services.AddSingleton<TrafficMeter>();
        services.AddHostedService(provider => provider.GetRequiredService<TrafficMeter>());
        services.AddOpenTelemetry()
            // OTEL_SERVICE_NAME and OTEL_RESOURCE_ATTRIBUTES stand above it.
            .ConfigureResource(resource => resource.AddService(ServiceName, serviceVersion: version).AddEnvironmentVariableDetector())
            // Requests of clients, and those to services below them; query strings are left out.
            .WithTracing(tracing => tracing.AddAspNetCoreInstrumentation().AddSource("System.Net.Http").AddOtlpExporter())
            .WithMetrics(metrics => metrics
                .AddMeter(TrafficMeter.Name, "Microsoft.AspNetCore.Hosting", "Microsoft.AspNetCore.Server.Kestrel", "System.Net.Http", "System.Runtime")
                .AddOtlpExporter());
    }
}

/// <summary>What only the gateway knows, for OpenTelemetry; the rest .NET measures itself.</summary>
internal sealed class TrafficMeter(IMeterFactory meters, Traffic traffic, ServiceFailures failures, LimitLog limits, TlsHandshakes handshakes) : IHostedService
{
    public const string Name = "Gateway";

    public Task StartAsync(CancellationToken cancellationToken)
    {
        var meter = meters.Create(Name);
        meter.CreateObservableUpDownCounter("gateway.websockets.open", () => traffic.Calls.CountBy(call => call.Route).Select(route => Of(route.Value, ("route", route.Key))), "{websocket}", "WebSockets that are open.");
        meter.CreateObservableCounter("gateway.websockets.opened", () => Calls().Select(route => Of(route.Calls.Opened, ("route", route.RouteId))), "{websocket}", "WebSockets that were opened.");
        meter.CreateObservableCounter("gateway.websockets.closed", () => Calls().SelectMany(route => route.Calls.Closed.Select(closed =>
            Of(closed.Value, ("route", route.RouteId), ("by", closed.Key.By.ToString().ToLowerInvariant()), ("code", closed.Key.Code)))), "{websocket}", "WebSockets that have ended.");
        meter.CreateObservableCounter("gateway.websocket.io", () => Calls().SelectMany(route => new[]
        {
            Of(route.Calls.Bytes.FromClient, ("route", route.RouteId), ("from", "client")),
            Of(route.Calls.Bytes.FromService, ("route", route.RouteId), ("from", "service")),
        }), "By", "Bytes over WebSockets, frame headers included.");
        meter.CreateObservableCounter("gateway.service.failures", () => failures.Counts.Select(failure =>
            Of(failure.Value, ("cluster", failure.Key.Cluster), ("address", failure.Key.Destination), ("reason", failure.Key.Reason))), "{request}", "Requests that a service failed.");
        meter.CreateObservableCounter("gateway.limit.hits", () => limits.Totals.Select(limit => Of(limit.Value, ("limit", limit.Key))), "{hit}", "How often a limit was reached.");
        meter.CreateObservableCounter("gateway.tls.handshakes", () => handshakes.Succeeded.Select(version => Of(version.Value, ("tls.protocol.version", version.Key)))
            .Concat(handshakes.Failed.Select(reason => Of(reason.Value, ("error.type", reason.Key)))), "{handshake}", "TLS handshakes, by version or by why they failed.");
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    private IEnumerable<RouteTraffic> Calls()
    {
        traffic.Collect();
        return traffic.Routes.Where(route => route.Calls.Opened > 0);
    }

    private static Measurement<long> Of(long value, params (string Name, string Value)[] labels) =>
        new(value, labels.Select(label => KeyValuePair.Create(label.Name, (object?)label.Value)));
}
