using System.Net.Sockets;

namespace Gateway.Proxying;

/// <summary>Says once, not at every attempt, that the process has no file descriptor left for another connection.</summary>
internal sealed partial class DescriptorAlarm(TimeProvider time, ILogger<DescriptorAlarm> logger)
{
    /// <summary>How long an endpoint then waits before it accepts again: short beside the patience of a client, long beside a turn of the loop.</summary>
    public static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(250);

    // A process at its limit gets one back and loses it again all the time.
    private static readonly TimeSpan Calm = TimeSpan.FromMinutes(1);

    private readonly Lock _lock = new();
    private long? _last;

    public static bool IsCause(SocketException exception) => exception.SocketErrorCode is SocketError.TooManyOpenSockets or SocketError.NoBufferSpaceAvailable;

    public void Raise()
    {
        lock (_lock)
        {
            var isKnown = _last is { } last && time.GetElapsedTime(last) < Calm;
            _last = time.GetTimestamp();
            if (isKnown)
            {
                return;
            }
        }

        LogExhausted(logger);
    }

    [LoggerMessage(EventId = 140, Level = LogLevel.Error,
        Message = "No file descriptor is left: new connections wait until others end. Raise LimitNOFILE in the systemd unit (or ulimit -n); a proxied connection takes two")]
    private static partial void LogExhausted(ILogger logger);
}
