using System.Globalization;
using Gateway.Boundary.Limits;
using Gateway.Certificates;
using Gateway.Certificates.Automatic;
using Gateway.Observability;
using Gateway.Proxying;

namespace Gateway.Hosting.Admin;

/// <summary>The metrics in Prometheus's words.</summary>
internal sealed class MetricsReport(
    LastReload reload,
    Readiness readiness,
    Traffic traffic,
    AccessFile accessFile,
    ConnectionLimits connections,
    PendingHandshakes pending,
    LimitLog limits,
    TlsHandshakes handshakes,
    ServiceStates services,
    ServiceFailures failures,
    ServedCertificates certificates,
    CertificateService? automatic = null)
{
    public async Task<string> WriteAsync()
    {
        var states = await services.LookAsync();
        traffic.Collect();
        var text = new PrometheusText();
        WriteGateway(text);
        WriteRequests(text);
        WriteCalls(text);
        WriteConnections(text);
        WriteServices(text, states);
        WriteCertificates(text);
        ProcessMetrics.Write(text);
        return text.ToString();
    }

    private void WriteGateway(PrometheusText text)
    {
        text.Metric("gateway_build_info", "gauge", "The version that runs; always 1.").Sample(1, ("version", StartupReport.ProductVersion));
        text.Single("gateway_ready", "gauge", "1 while the gateway takes requests, 0 before and while it drains.", readiness.IsReady ? 1 : 0);
        var outcome = reload.Outcome;
        text.Single("gateway_config_last_reload_successful", "gauge", "Whether the configuration file as it is now is in force.", outcome.RejectedAt is null ? 1 : 0);
        text.Single("gateway_config_applied_timestamp_seconds", "gauge", "When the configuration in force was read.", UnixTime(outcome.AppliedAt));
        text.Single("gateway_access_log_dropped_lines_total", "counter", "Lines of Gateway:AccessLog that could not be written.", accessFile.Dropped);
        text.Metric("gateway_limit_hits_total", "counter", "How often a limit below Gateway:Limits was reached.");
        foreach (var (limit, count) in limits.Totals)
        {
            text.Sample(count, ("limit", limit));
        }
    }

    private void WriteRequests(PrometheusText text)
    {
        var cells = traffic.Routes.SelectMany(route => route.Statuses.Select(status => (Route: route.RouteId, Code: status.Status.ToString(CultureInfo.InvariantCulture), Status: status))).ToArray();
        var buckets = cells.Select(cell =>
        {
            var counts = new long[DurationBuckets.Count];
            return (Total: cell.Status.AddTo(counts), Counts: counts);
        }).ToArray();

        text.Metric("gateway_requests_total", "counter", "Requests answered, by route (- for what the gateway answered itself) and status; WebSockets are not among them.");
        for (var i = 0; i < cells.Length; i++)
        {
            text.Sample(buckets[i].Total, ("route", cells[i].Route), ("code", cells[i].Code));
        }

        text.Metric("gateway_request_duration_seconds", "histogram", "From the request's headers to the end of its answer.");
        for (var i = 0; i < cells.Length; i++)
        {
            var (route, code, status) = cells[i];
            var sum = 0L;
            for (var b = 0; b < DurationBuckets.Count; b++)
            {
                sum += buckets[i].Counts[b];
                var bound = b < DurationBuckets.Bounds.Length ? DurationBuckets.Bounds[b] : double.PositiveInfinity;
                text.Sample("_bucket", sum, ("route", route), ("code", code), ("le", PrometheusText.Number(bound)));
            }

            text.Sample("_sum", status.Duration.TotalSeconds, ("route", route), ("code", code));
            text.Sample("_count", sum, ("route", route), ("code", code));
        }

        text.Metric("gateway_request_bytes_total", "counter", "Bytes of requests' bodies that went to services.");
        foreach (var (route, code, status) in cells)
        {
            text.Sample(status.BytesReceived, ("route", route), ("code", code));
        }

        text.Metric("gateway_response_bytes_total", "counter", "Bytes of answers' bodies.");
        foreach (var (route, code, status) in cells)
        {
            text.Sample(status.BytesSent, ("route", route), ("code", code));
        }

        text.Single("gateway_requests_in_progress", "gauge", "Requests whose answer is not complete; WebSockets are not among them.", traffic.InProgress);
    }

    private void WriteCalls(PrometheusText text)
    {
        var routes = traffic.Routes.Where(route => route.Calls.Opened > 0).ToArray();
        var open = traffic.Calls.ToLookup(call => call.Route);
        text.Metric("gateway_websockets_open", "gauge", "WebSockets that are open.");
        foreach (var route in routes)
        {
            text.Sample(open[route.RouteId].Count(), ("route", route.RouteId));
        }

        text.Metric("gateway_websockets_opened_total", "counter", "WebSockets that were opened.");
        foreach (var route in routes)
        {
            text.Sample(route.Calls.Opened, ("route", route.RouteId));
        }

        text.Metric("gateway_websockets_closed_total", "counter", "WebSockets that have ended, by who began (client, service, gateway) and close code: 1005 for a frame without a code, 1006 for none.");
        foreach (var route in routes)
        {
            foreach (var (closing, count) in route.Calls.Closed)
            {
                text.Sample(count, ("route", route.RouteId), ("by", closing.By.ToString().ToLowerInvariant()), ("code", closing.Code));
            }
        }

        text.Metric("gateway_websocket_messages_total", "counter", "Text and binary messages, by who sent them, those of open WebSockets included.");
        foreach (var route in routes)
        {
            text.Sample(route.Calls.Bytes.MessagesFromClient, ("route", route.RouteId), ("from", "client"));
            text.Sample(route.Calls.Bytes.MessagesFromService, ("route", route.RouteId), ("from", "service"));
        }

        text.Metric("gateway_websocket_bytes_total", "counter", "Bytes with frame headers, by who sent them, those of open WebSockets included.");
        foreach (var route in routes)
        {
            text.Sample(route.Calls.Bytes.FromClient, ("route", route.RouteId), ("from", "client"));
            text.Sample(route.Calls.Bytes.FromService, ("route", route.RouteId), ("from", "service"));
        }

        text.Metric("gateway_websocket_longest_silence_seconds", "gauge", "The longest that an open WebSocket has been silent both ways.");
        foreach (var route in routes)
        {
            text.Sample(open[route.RouteId].Select(call => call.LongestSilence.TotalSeconds).DefaultIfEmpty().Max(), ("route", route.RouteId));
        }
    }

    private void WriteConnections(PrometheusText text)
    {
        text.Single("gateway_connections_open", "gauge", "Client connections that are open, WebSockets included.", connections.Open);
        text.Single("gateway_tls_handshakes_in_progress", "gauge", "TLS handshakes under way.", pending.Count);
        text.Metric("gateway_tls_handshakes_total", "counter", "TLS handshakes that succeeded, by version.");
        foreach (var (version, count) in handshakes.Succeeded)
        {
            text.Sample(count, ("version", version));
        }

        text.Metric("gateway_tls_handshake_failures_total", "counter", "TLS handshakes that failed: timeout, disconnected, refused (by either side), unknown_name (Gateway:StrictSni), other.");
        foreach (var (reason, count) in handshakes.Failed)
        {
            text.Sample(count, ("reason", reason));
        }
    }

    private void WriteServices(PrometheusText text, IReadOnlyList<ServiceState> states)
    {
        text.Metric("gateway_service_up", "gauge", "Whether the service accepts connections.");
        foreach (var state in states)
        {
            text.Sample(state.IsUp ? 1 : 0, ("cluster", state.Cluster), ("destination", state.Destination), ("address", state.Address));
        }

        text.Metric("gateway_service_failures_total", "counter", "Requests that a service failed, by reason; also those that another destination then answered.");
        foreach (var (failure, count) in failures.Counts)
        {
            text.Sample(count, ("cluster", failure.Cluster), ("address", failure.Destination), ("reason", failure.Reason));
        }
    }

    private void WriteCertificates(PrometheusText text)
    {
        // Two of one name from one source can be served at once, as after a change of the CA: the one that ends first counts.
        text.Metric("gateway_certificate_expiry_timestamp_seconds", "gauge", "When a certificate that is served expires.");
        foreach (var group in certificates.Table.Certificates.GroupBy(c => (Names: string.Join(",", c.Names), Source: c.Source.ToString().ToLowerInvariant())))
        {
            text.Sample(UnixTime(group.Min(c => c.NotAfter)), ("names", group.Key.Names), ("source", group.Key.Source));
        }

        var states = automatic?.States ?? [];
        text.Metric("gateway_certificate_next_attempt_timestamp_seconds", "gauge", "When an automatic certificate is renewed or tried again.");
        foreach (var state in states.Where(state => state.NextAttempt is not null))
        {
            text.Sample(UnixTime(state.NextAttempt!.Value), ("name", state.Name));
        }

        text.Metric("gateway_certificate_renewal_failures", "gauge", "Attempts in a row that have failed; 0 after a success.");
        foreach (var state in states)
        {
            text.Sample(state.Failures, ("name", state.Name));
        }
    }

    private static double UnixTime(DateTimeOffset time) => time.ToUnixTimeMilliseconds() / 1000.0;
}
