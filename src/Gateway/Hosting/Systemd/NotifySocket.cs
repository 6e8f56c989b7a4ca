using System.Globalization;
using System.Net.Sockets;
using System.Text;

namespace Gateway.Hosting.Systemd;

/// <summary>Tells systemd how the service is doing, by sd_notify(3). Does nothing where systemd does not ask for it.</summary>
internal sealed partial class NotifySocket : IDisposable
{
    // systemd empties its end all the time; a report must not hold the gateway if it ever does not.
    private const int SendTimeoutMilliseconds = 1000;

    private readonly Socket? _socket;
    private readonly UnixDomainSocketEndPoint? _address;
    private readonly TimeProvider _time;
    private readonly ILogger<NotifySocket> _logger;
    private volatile bool _isReady;

    /// <param name="address">From <c>NOTIFY_SOCKET</c>.</param>
    /// <param name="time">Its timestamps must be those of CLOCK_MONOTONIC, as the system's are.</param>
    /// <param name="logger">For reports that could not be sent.</param>
    public NotifySocket(string? address, TimeProvider time, ILogger<NotifySocket> logger)
    {
        (_time, _logger) = (time, logger);
        if (address is not null)
        {
            _address = new UnixDomainSocketEndPoint(address[0] == '@' ? "\0" + address[1..] : address);
            _socket = new Socket(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified) { SendTimeout = SendTimeoutMilliseconds };
        }
    }

    /// <summary>The gateway listens.</summary>
    public void Ready(string status)
    {
        _isReady = true;
        Send("READY=1", "STATUS=" + status);
    }

    /// <summary>A reload begins; <see cref="Reloaded"/> must follow. Before the gateway is ready there is nothing to report.</summary>
    public void Reloading()
    {
        if (_isReady)
        {
            // Type=notify-reload (systemd 253) tells by the time that this answers its own signal.
            var microseconds = _time.GetTimestamp() / (_time.TimestampFrequency / 1_000_000);
            Send("RELOADING=1", "MONOTONIC_USEC=" + microseconds.ToString(CultureInfo.InvariantCulture));
        }
    }

    /// <summary>A reload has ended, well or not.</summary>
    public void Reloaded(string status)
    {
        if (_isReady)
        {
            Send("READY=1", "STATUS=" + status);
        }
    }

    public void Status(string status) => Send("STATUS=" + status);

    /// <summary>The service is well.</summary>
    public void FeedWatchdog() => Send("WATCHDOG=1");

    /// <summary>The gateway ends, within this time: longer than the unit's TimeoutStopSec if the configuration says so.</summary>
    public void Stopping(string status, TimeSpan within)
    {
        _isReady = false;
        Send("STOPPING=1", "STATUS=" + status, "EXTEND_TIMEOUT_USEC=" + ((long)within.TotalMicroseconds).ToString(CultureInfo.InvariantCulture));
    }

    public void Dispose() => _socket?.Dispose();

    private void Send(params string[] assignments)
    {
        if (_socket is null)
        {
            return;
        }

        try
        {
            _socket.SendTo(Encoding.UTF8.GetBytes(string.Join('\n', assignments)), _address!);
        }
        catch (Exception exception) when (exception is SocketException or ObjectDisposedException)
        {
            LogNotSent(_logger, assignments[0], exception.Message);
        }
    }

    [LoggerMessage(EventId = 142, Level = LogLevel.Warning, Message = "systemd could not be told {Assignment}: {Reason}")]
    private static partial void LogNotSent(ILogger logger, string assignment, string reason);
}
