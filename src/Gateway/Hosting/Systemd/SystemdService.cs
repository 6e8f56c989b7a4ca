using Gateway.Proxying;

namespace Gateway.Hosting.Systemd;

/// <summary>Reports to systemd: ready, the status when it has changed, and the end.</summary>
internal sealed class SystemdService(
    NotifySocket notify, ServiceStatus status, OpenWebSockets sockets, Drain drain, IHostApplicationLifetime lifetime, TimeProvider time) : BackgroundService
{
    private static readonly TimeSpan Look = TimeSpan.FromSeconds(2);

    // The program itself ends soon after its calls; on a busy machine not quite so soon.
    private static readonly TimeSpan TimeToExit = TimeSpan.FromSeconds(10);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var stopping = lifetime.ApplicationStopping.Register(() =>
            notify.Stopping($"stopping, {sockets.Count} calls are open", drain.Timeout + Drain.CloseTime + TimeToExit));

        // Every endpoint listens by then.
        var started = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        using var starting = lifetime.ApplicationStarted.Register(started.SetResult);
        await started.Task.WaitAsync(stoppingToken);

        var said = status.ToString();
        notify.Ready(said);
        using var timer = new PeriodicTimer(Look, time);
        while (await timer.WaitForNextTickAsync(stoppingToken) && !lifetime.ApplicationStopping.IsCancellationRequested)
        {
            if (status.ToString() is var now && now != said)
            {
                notify.Status(said = now);
            }
        }
    }
}
