using Gateway.Configuration;
using Gateway.Proxying;
using Microsoft.Extensions.Options;

namespace Gateway.Hosting;

/// <summary>Lets calls go on for a while when the gateway is told to stop, then closes what is left with 1012 "service restart", so
/// that a client can tell a restart from a failure.</summary>
internal sealed partial class Drain(
    OpenWebSockets sockets,
    CurrentConfiguration configuration,
    HostMode mode,
    IOptions<HostOptions> host,
    TimeProvider time,
    IHostApplicationLifetime lifetime,
    ILogger<Drain> logger) : IHostedService
{
    /// <summary>Between the end of the drain and the end of the process: to send the close frames and to hear the answers.</summary>
    public static readonly TimeSpan CloseTime = TimeSpan.FromSeconds(1.8);

    /// <summary>How long calls may go on. Not at all in dev: a developer who presses Ctrl-C with a call open wants the prompt back.</summary>
    public TimeSpan Timeout => mode == HostMode.Dev ? TimeSpan.Zero : configuration.Value.Gateway.DrainTimeout;

    public Task StartAsync(CancellationToken cancellationToken)
    {
        // At the very first moment of stopping, before any service is asked to stop.
        lifetime.ApplicationStopping.Register(() =>
        {
            _ = sockets.DrainAsync();
            host.Value.ShutdownTimeout = Timeout + CloseTime;
        });
        return Task.CompletedTask;
    }

    public async Task StopAsync(CancellationToken cancellationToken)
    {
        var open = sockets.All.Count;
        var empty = sockets.DrainAsync();
        if (open == 0)
        {
            return;
        }

        LogDraining(logger, open, Timeout);
        await Task.WhenAny(empty, Task.Delay(Timeout, time, cancellationToken));

        var left = sockets.All;
        await OpenWebSockets.RestartAsync(left, time, cancellationToken);
        // Cancelled when the host's patience ends.
        await Task.WhenAny(empty, Task.Delay(System.Threading.Timeout.InfiniteTimeSpan, time, cancellationToken));
        LogDrained(logger, open - left.Count, left.Count - sockets.All.Count, sockets.All.Count);
    }

    [LoggerMessage(EventId = 120, Level = LogLevel.Information, Message = "Stopping: {Open} WebSockets are open and may go on for {DrainTimeout}")]
    private static partial void LogDraining(ILogger logger, int open, TimeSpan drainTimeout);

    [LoggerMessage(EventId = 121, Level = LogLevel.Information,
        Message = "Stopped: {Ended} WebSockets ended by themselves, {Closed} were closed with 1012, {Cut} were cut")]
    private static partial void LogDrained(ILogger logger, int ended, int closed, int cut);
}
