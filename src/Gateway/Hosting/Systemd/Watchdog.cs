namespace Gateway.Hosting.Systemd;

/// <summary>Feeds systemd's watchdog as long as the gateway answers on its own endpoint.</summary>
internal sealed partial class Watchdog(
    TimeSpan timeout, SelfCheck check, NotifySocket notify, IHostApplicationLifetime lifetime, TimeProvider time, ILogger<Watchdog> logger) : BackgroundService
{
    // A failed check is made again soon: systemd's patience is running out.
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    private readonly TimeSpan _period = timeout / 2;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var started = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        using var starting = lifetime.ApplicationStarted.Register(started.SetResult);
        await started.Task.WaitAsync(stoppingToken);

        // At the end the endpoints stop listening, and systemd counts the time to stop instead.
        using var stopping = CancellationTokenSource.CreateLinkedTokenSource(stoppingToken, lifetime.ApplicationStopping);
        while (true)
        {
            var isWell = await IsWellAsync(stopping.Token);
            if (isWell)
            {
                notify.FeedWatchdog();
            }

            await Task.Delay(isWell || Pause > _period ? _period : Pause, time, stopping.Token);
        }
    }

    private async Task<bool> IsWellAsync(CancellationToken stopping)
    {
        using var limit = new CancellationTokenSource(timeout / 4, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(stopping, limit.Token);
        try
        {
            await check.RunAsync(either.Token);
            return true;
        }
        catch (Exception exception) when (!stopping.IsCancellationRequested)
        {
            LogUnwell(logger, limit.IsCancellationRequested ? "no answer in time" : exception.GetBaseException().Message, timeout);
            return false;
        }
    }

    [LoggerMessage(EventId = 143, Level = LogLevel.Warning,
        Message = "The gateway does not answer on its own endpoint: {Reason}. If that goes on, systemd restarts it {WatchdogTimeout} after the last answer")]
    private static partial void LogUnwell(ILogger logger, string reason, TimeSpan watchdogTimeout);
}
