using System.Diagnostics.Metrics;
using Gateway.Configuration;
using Gateway.Proxying;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;

namespace Gateway.Boundary.Limits;

/// <summary>
/// Counts connections that Kestrel ends by limits of its own, which it tells to its metrics only: floods of resets and of control frames,
/// clients that overfill a window, headers over HTTP/2, handshakes that take too long. And bodies, which the forwarder refuses.
/// </summary>
internal sealed class ServerEndings : IHostedService, IDisposable
{
    // The tag for why Kestrel ended a connection.
    private const string Reason = "error.type";

    private static readonly string[] Offences = ["invalid_", "unexpected_", "max_request_header"];

    private readonly MeterListener _listener = new();
    private readonly RefusedBodies _bodies;
    private readonly LimitLog _log;

    public ServerEndings(IMeterFactory meters, RefusedBodies bodies, LimitLog log)
    {
        (_bodies, _log) = (bodies, log);
        _listener.InstrumentPublished = (instrument, listener) =>
        {
            // Of this host and no other in the process.
            if (ReferenceEquals(instrument.Meter.Scope, meters) && instrument.Name is "kestrel.connection.duration" or "kestrel.tls_handshake.duration")
            {
                listener.EnableMeasurementEvents(instrument);
            }
        };
        _listener.SetMeasurementEventCallback<double>(OnEnd);
    }

    /// <summary>Whether Kestrel has said that it ends an HTTP/2 connection because its client sends too much of something, or what is no
    /// HTTP/2.</summary>
    public static bool IsOffence(ConnectionContext connection)
    {
        try
        {
            return connection.Features.Get<IConnectionMetricsTagsFeature>()?.Tags.Any(static tag => tag.Key == Reason && IsOffence(tag.Value as string)) ?? false;
        }
        catch (InvalidOperationException)
        {
            // It is saying so just now, or something else.
            return false;
        }
    }

    public Task StartAsync(CancellationToken cancellationToken)
    {
        _bodies.Refused += CountBody;
        _listener.Start();
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken)
    {
        _bodies.Refused -= CountBody;
        return Task.CompletedTask;
    }

    public void Dispose() => _listener.Dispose();

    private void CountBody(System.Net.IPAddress? client) => _log.Hit(nameof(GatewayOptions.MaxRequestBodySize), client);

    private void OnEnd(Instrument instrument, double seconds, ReadOnlySpan<KeyValuePair<string, object?>> tags, object? state)
    {
        string? error = null, version = null;
        foreach (var (name, value) in tags)
        {
            error = name == Reason ? value as string : error;
            version = name == "network.protocol.version" ? value as string : version;
        }

        if (error is not null && LimitOf(instrument.Name, error, version) is { } limit)
        {
            _log.Hit(limit, null);
        }
    }

    private static bool IsFlood(string? reason) => reason is "stream_reset_limit_exceeded" or "flow_control_queue_size_exceeded"
        or "flow_control_window_exceeded" or "output_queue_size_exceeded" or "max_frame_length_exceeded";

    private static bool IsOffence(string? reason) => IsFlood(reason)
        || reason is "missing_frame" or "frame_after_stream_close" or "stream_self_dependency" or "unknown_stream"
        || (reason is not null && Offences.Any(start => reason.StartsWith(start, StringComparison.Ordinal)));

    // Over HTTP/1.1 ServerRefusals counts the headers, with the client.
    private static string? LimitOf(string instrument, string error, string? version) => (instrument, error) switch
    {
        ("kestrel.tls_handshake.duration", _) => error.EndsWith("CanceledException", StringComparison.Ordinal) ? nameof(LimitOptions.HandshakeTimeout) : null,
        (_, "max_request_headers_total_size_exceeded") when version != "1.1" => nameof(LimitOptions.MaxRequestHeadersSize),
        (_, "max_request_header_count_exceeded") when version != "1.1" => nameof(LimitOptions.MaxRequestHeaderCount),
        _ when IsFlood(error) => $"HTTP/2 ({error})",
        _ => null,
    };
}
