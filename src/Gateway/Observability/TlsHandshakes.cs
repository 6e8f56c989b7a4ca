using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using System.Security.Authentication;

namespace Gateway.Observability;

/// <summary>TLS handshakes by version and by failure: those of the gateway, and Kestrel's as it measures them.</summary>
internal sealed class TlsHandshakes : IHostedService, IDisposable
{
    /// <summary>Gateway:StrictSni refused its name.</summary>
    public const string UnknownName = "unknown_name";

    private const string Timeout = "timeout";
    private const string Disconnected = "disconnected";
    private const string Refused = "refused";
    private const string Other = "other";

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
    public void CountUnknownName() => CountFailure(UnknownName);

    /// <summary>One has come to its end.</summary>
    public void CountSuccess(SslProtocols version) => CountSuccess(version switch
    {
        SslProtocols.Tls13 => "1.3",
        SslProtocols.Tls12 => "1.2",
        _ => Other,
    });

    /// <param name="reason">As in <see cref="Failed"/>.</param>
    public void CountFailure(string reason) => _failed.AddOrUpdate(reason, 1, static (_, count) => count + 1);

    /// <summary>Under which reason a failure is counted.</summary>
    public static string Reason(Exception exception) => exception switch
    {
        OperationCanceledException => Timeout,
        IOException or System.Net.Sockets.SocketException or ObjectDisposedException => Disconnected,
        AuthenticationException => Refused,
        _ => Other,
    };

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
            CountSuccess(version ?? Other);
        }
        else
        {
            CountFailure(Reason(error));
        }
    }

    private void CountSuccess(string version) => _succeeded.AddOrUpdate(version, 1, static (_, count) => count + 1);

    private static string Reason(string exceptionType) =>
        exceptionType == typeof(OperationCanceledException).FullName || exceptionType == typeof(TaskCanceledException).FullName ? Timeout
        : exceptionType == typeof(IOException).FullName ? Disconnected
        : exceptionType == typeof(AuthenticationException).FullName ? Refused
        : Other;
}
