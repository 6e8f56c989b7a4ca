using System.Globalization;
using System.Net.Sockets;

namespace Gateway.Proxying;

/// <summary>
/// Keeps some file descriptors for those who are in: for the services' side of their requests, and for the process itself, which needs
/// some for files. New connections wait before the last one is taken, and the log says so once.
/// </summary>
internal sealed partial class DescriptorAlarm(TimeProvider time, ILogger<DescriptorAlarm> logger)
{
    // Short beside the patience of a client, long beside a turn of the loop.
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(50);

    // A process at its limit gets one back and loses it again all the time.
    private static readonly TimeSpan Calm = TimeSpan.FromMinutes(1);

    private readonly Lock _lock = new();
    private readonly int _last = LastForConnections();
    private long? _raisedAt;

    public static bool IsCause(SocketException exception) => exception.SocketErrorCode is SocketError.TooManyOpenSockets or SocketError.NoBufferSpaceAvailable;

    /// <summary>Whether a connection with this descriptor is the last to be accepted for now. The kernel gives the lowest that is free.</summary>
    public bool IsLast(Socket accepted) => OperatingSystem.IsLinux() && accepted.Handle >= _last;

    /// <summary>Waits until another connection may be accepted. Without a pause an accept that fails is a busy loop: its client stays in the
    /// kernel's queue.</summary>
    public async Task WaitAsync(CancellationToken cancellationToken)
    {
        do
        {
            Raise();
            await Task.Delay(Pause, time, cancellationToken);
        }
        while (!HasRoom());
    }

    /// <summary>Says that there is none left, unless it was said within the last minute.</summary>
    public void Raise()
    {
        lock (_lock)
        {
            var isKnown = _raisedAt is { } at && time.GetElapsedTime(at) < Calm;
            _raisedAt = time.GetTimestamp();
            if (isKnown)
            {
                return;
            }
        }

        LogExhausted(logger);
    }

    private bool HasRoom()
    {
        if (!OperatingSystem.IsLinux())
        {
            return true;
        }

        try
        {
            using var probe = File.OpenHandle("/dev/null");
            return probe.DangerousGetHandle() < _last;
        }
        catch (IOException)
        {
            return false;
        }
    }

    // proc(5): "Max open files", the limit in force, the most that it may be raised to, the unit.
    private static int LastForConnections()
    {
        const string Name = "Max open files";
        if (!OperatingSystem.IsLinux() || File.ReadLines("/proc/self/limits").FirstOrDefault(l => l.StartsWith(Name, StringComparison.Ordinal)) is not { } line)
        {
            return int.MaxValue;
        }

        var text = line[Name.Length..].Split(' ', StringSplitOptions.RemoveEmptyEntries)[0];
        return int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var limit) ? limit - Math.Clamp(limit / 16, 16, 256) : int.MaxValue;
    }

    [LoggerMessage(EventId = 140, Level = LogLevel.Error,
        Message = "No file descriptor is left: new connections wait until others end. Raise LimitNOFILE in the systemd unit (or ulimit -n); a proxied connection takes two")]
    private static partial void LogExhausted(ILogger logger);
}
