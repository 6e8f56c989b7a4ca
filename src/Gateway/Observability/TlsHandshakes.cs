using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using System.Security.Authentication;

namespace Gateway.Observability;

/// <summary>TLS handshakes by version and by failure, as Kestrel measures them.</summary>
internal sealed class TlsHandshakes : IHostedService, IDisposable
{
    private readonly ConcurrentDictionary<string, long> _succeeded = new();
    private readonly ConcurrentDictionary<string, long> _failed = new();
    private readonly MeterListener _listener = new();

    public TlsHandshakes(IMeterFactory meters)
    {
        // Other hosts in this process have meters of the same name.
        _listener.InstrumentPublished = (instrument, listener) =>
        {
            if (instrument.Name == "kestrel.tls_handshake.duration" && ReferenceEquals(instrument.Meter.Scope, meters))
            {
                listener.EnableMeasurementEvents(instrument);
            }
        };
        _listener.SetMeasurementEventCallback<double>((_, _, tags, _) => Count(tags));
    }

    /// <summary>By version: 1.2, 1.3.</summary>
    public IReadOnlyDictionary<string, long> Succeeded => _succeeded;

    /// <summary>By reason: timeout, disconnected, refused, unknown_name, other.</summary>
    public IReadOnlyDictionary<string, long> Failed => _failed;

    /// <summary>One that never came to TLS: Gateway:StrictSni refused its name.</summary>
    public void CountUnknownName() => CountFailure("unknown_name");

    public Task StartAsync(CancellationToken cancellationToken)
    {
        _listener.Start();
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public void Dispose() => _listener.Dispose();

    private void Count(ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        string? version = null;
        string? error = null;
        foreach (var (key, value) in tags)
        {
            if (key == "tls.protocol.version")
            {
                version = value?.ToString();
            }
            else if (key == "error.type")
            {
                error = value?.ToString();
            }
        }

        if (error is null)
        {
            _succeeded.AddOrUpdate(version ?? "other", 1, static (_, count) => count + 1);
        }
        else
        {
            CountFailure(Reason(error));
        }
    }

    private void CountFailure(string reason) => _failed.AddOrUpdate(reason, 1, static (_, count) => count + 1);

    private static string Reason(string exceptionType) =>
        exceptionType == typeof(OperationCanceledException).FullName || exceptionType == typeof(TaskCanceledException).FullName ? "timeout"
        : exceptionType == typeof(IOException).FullName ? "disconnected"
        : exceptionType == typeof(AuthenticationException).FullName ? "refused"
        : "other";
}
