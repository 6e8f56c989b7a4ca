using System.Runtime.InteropServices;
using Gateway.Certificates;
using Gateway.Certificates.Automatic;
using Gateway.Configuration;
using Gateway.Hosting.Systemd;
using Gateway.Observability;
using Gateway.Platform;
using Gateway.Proxying;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Options;
using Yarp.ReverseProxy.Configuration;

namespace Gateway.Hosting;

/// <summary>Applies a changed file, whole or not at all, when it changes or on SIGHUP.</summary>
internal sealed partial class ConfigurationReload(
    ConfigurationSource source,
    CurrentConfiguration current,
    ReloadableValues values,
    InMemoryConfigProvider proxy,
    IOptions<KestrelServerOptions> kestrel,
    CertificateSources sources,
    CertificateFileWatcher certificates,
    OpenWebSockets sockets,
    InheritedSockets inherited,
    NotifySocket notify,
    ServiceStatus status,
    LastReload last,
    AccessFile accessFile,
    TimeProvider time,
    ILogger<ConfigurationReload> logger,
    CertificateService? automatic = null) : BackgroundService
{
    // Polled for the same reasons as certificate files are. A change is applied at the second look: within 2 s, the reading included.
    private static readonly TimeSpan Period = TimeSpan.FromSeconds(0.5);

    // Read once, when the state folder is set up and the sinks and the operator's endpoint are opened.
    private static readonly string[] NeedRestart = ["Gateway:StateDirectory", "Gateway:Admin", "Serilog:WriteTo"];

    // What automatic certificates depend on: the endpoints too, where the CA comes to look.
    private static readonly string[] OfAcme = ["LettuceEncrypt", "Gateway:Acme", "Kestrel:Endpoints"];

    private readonly SemaphoreSlim _applying = new(1);
    private FileStamp _applied = FileStamp.Of(source.Path);

    /// <summary>Reads the file now and applies it if it is valid.</summary>
    /// <returns>Whether it was applied; if not, everything that is wrong was logged and nothing has changed.</returns>
    public async Task<bool> ReloadAsync(CancellationToken cancellationToken)
    {
        await _applying.WaitAsync(cancellationToken);
        notify.Reloading();
        var isApplied = false;
        try
        {
            _applied = FileStamp.Of(source.Path);
            var (next, errors) = source.Read();
            string[] obstacles = [.. errors.Select(e => e.ToString()), .. errors.Count > 0 ? [] : Obstacles(next)];
            if (obstacles.Length > 0)
            {
                foreach (var obstacle in obstacles)
                {
                    LogWrong(logger, obstacle);
                }

                LogRejected(logger, source.Path, obstacles.Length);
                last.Rejected(obstacles);
                return false;
            }

            Apply(next);
            last.Applied();
            return isApplied = true;
        }
        finally
        {
            status.IsConfigurationRejected = !isApplied;
            notify.Reloaded(status.ToString());
            _applying.Release();
        }
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var hangup = OperatingSystem.IsWindows() ? null : PosixSignalRegistration.Create(PosixSignal.SIGHUP, signal =>
        {
            signal.Cancel = true;
            _ = TryReloadAsync(stoppingToken);
        });

        using var timer = new PeriodicTimer(Period, time);
        var seen = _applied;
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            // Changed since it was applied, and not since the last look: an editor may still be writing.
            var now = FileStamp.Of(source.Path);
            if (now != _applied && now == seen)
            {
                await TryReloadAsync(stoppingToken);
            }

            seen = now;
        }
    }

    private async Task TryReloadAsync(CancellationToken cancellationToken)
    {
        try
        {
            await ReloadAsync(cancellationToken);
        }
        catch (Exception exception) when (exception is not OperationCanceledException)
        {
            LogFailed(logger, exception, source.Path);
        }
    }

    private void Apply(GatewayConfiguration next)
    {
        var previous = current.Value;

        // 1. Certificates first: a new endpoint must not be opened without its own.
        certificates.Update(next.Certificates);
        if (OfAcme.Any(s => Differ(previous, next, s)))
        {
            automatic?.Apply(next.Acme);
        }

        // 2. Rules and routes, for requests from now on.
        current.Replace(next);
        accessFile.Reopen();
        KestrelEndpoints.Apply(kestrel.Value.Limits, next.Gateway);
        proxy.Update(next.Routes, next.Clusters);

        // 3. Endpoints and log levels: Kestrel and Serilog watch their sections.
        KestrelEndpoints.ServeFromTable(kestrel.Value, next, sources);
        values.Replace(next.Root);

        // 4. Calls of routes that are gone or lead elsewhere.
        var left = sockets.All.Where(call => !IsServedBy(next, call)).ToArray();
        _ = EndAsync(left, previous.Gateway.DrainTimeout);

        foreach (var section in NeedRestart.Where(s => Differ(previous, next, s)))
        {
            LogNeedsRestart(logger, section);
        }

        inherited.WarnOfUnused(next.Endpoints, logger);
        LogApplied(logger, source.Path, next.Routes.Count, next.Endpoints.Count, left.Length);
    }

    private static bool IsServedBy(GatewayConfiguration configuration, WebSocketTunnel call)
    {
        var route = configuration.Routes.FirstOrDefault(r => r.RouteId == call.RouteId);
        var cluster = configuration.Clusters.FirstOrDefault(c => c.ClusterId == route?.ClusterId);
        return cluster?.Destinations?.Values.Any(d => d.Address == call.Destination) == true;
    }

    private async Task EndAsync(WebSocketTunnel[] calls, TimeSpan after)
    {
        if (calls.Length > 0)
        {
            await Task.Delay(after, time);
            await OpenWebSockets.RestartAsync(calls, time, CancellationToken.None);
        }
    }

    /// <summary>What speaks against a valid configuration here and now: asked before anything is changed.</summary>
    private IEnumerable<string> Obstacles(GatewayConfiguration next)
    {
        var isLeft = next.Certificates.Count > 0
            || sources.Authority is not null
            || (next.Acme is not null && sources.Served.Table.Certificates.Any(c => c.Source == CertificateSource.Acme));
        if (!isLeft && current.Value.Certificates.Count > 0 && next.Endpoints.Any(e => e is { IsHttps: true, HasOwnCertificate: false }))
        {
            yield return $"{next.FilePath}: Gateway:Certificates: no certificate is left to serve; keep one, or restart the gateway to serve the local CA's";
        }

        // Kestrel would only log it.
        var open = current.Value.Endpoints.Select(e => e.Port).ToHashSet();
        foreach (var obstacle in BindFailure.Foresee([.. next.Endpoints.Where(e => !open.Contains(e.Port) && !inherited.Serve(e))], HostPlatform.Current))
        {
            yield return obstacle;
        }
    }

    private static bool Differ(GatewayConfiguration one, GatewayConfiguration other, string section) =>
        !one.Root.GetSection(section).AsEnumerable().SequenceEqual(other.Root.GetSection(section).AsEnumerable());

    [LoggerMessage(EventId = 130, Level = LogLevel.Information,
        Message = "{ConfigurationFile} applied: {Routes} route(s), {Endpoints} endpoint(s); {Calls} open WebSocket(s) lost their route and end after the drain time")]
    private static partial void LogApplied(ILogger logger, string configurationFile, int routes, int endpoints, int calls);

    [LoggerMessage(EventId = 134, Level = LogLevel.Warning, Message = "{Section} has changed; this takes effect when the gateway is restarted")]
    private static partial void LogNeedsRestart(ILogger logger, string section);

    [LoggerMessage(EventId = 131, Level = LogLevel.Error, Message = "{ConfigurationError}")]
    private static partial void LogWrong(ILogger logger, string configurationError);

    [LoggerMessage(EventId = 132, Level = LogLevel.Error,
        Message = "{ConfigurationFile} was not applied, for the reasons above ({Errors}). Nothing has changed; mend the file and it is read again")]
    private static partial void LogRejected(ILogger logger, string configurationFile, int errors);

    [LoggerMessage(EventId = 133, Level = LogLevel.Error, Message = "{ConfigurationFile} could not be applied; send SIGHUP to try again")]
    private static partial void LogFailed(ILogger logger, Exception exception, string configurationFile);
}
