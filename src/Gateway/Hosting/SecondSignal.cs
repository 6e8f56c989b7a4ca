using System.Runtime.InteropServices;
using Gateway.Proxying;

namespace Gateway.Hosting;

/// <summary>A second SIGTERM or Ctrl-C ends the process at once: whoever sends it does not want to wait for the calls.</summary>
internal sealed partial class SecondSignal(OpenWebSockets sockets, ILogger<SecondSignal> logger) : IHostedService, IDisposable
{
    private PosixSignalRegistration[] _registrations = [];
    private int _received;

    public Task StartAsync(CancellationToken cancellationToken)
    {
        // The first one is the host's business.
        _registrations =
        [
            PosixSignalRegistration.Create(PosixSignal.SIGTERM, _ => OnSignal("SIGTERM", 15)),
            PosixSignalRegistration.Create(PosixSignal.SIGINT, _ => OnSignal("SIGINT", 2)),
        ];
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public void Dispose()
    {
        foreach (var registration in _registrations)
        {
            registration.Dispose();
        }
    }

    private void OnSignal(string name, int number)
    {
        if (Interlocked.Increment(ref _received) == 2)
        {
            LogEnded(logger, name, sockets.Count);
            // As shells report a program that a signal has ended.
            Environment.Exit(128 + number);
        }
    }

    [LoggerMessage(EventId = 122, Level = LogLevel.Warning, Message = "Ended at once by a second signal ({Signal}): {Cut} open WebSocket(s) were cut")]
    private static partial void LogEnded(ILogger logger, string signal, int cut);
}
