using System.Globalization;
using System.Net.Sockets;

namespace Gateway.Platform;

/// <summary>
/// Keeps some file descriptors back. Clients leave some to the services' side of the requests of those who are in, and both leave some to
/// the process itself: .NET ends it when it needs another thread and there is none for the pipe that a thread starts with. New clients
/// wait, new connections to services are refused, and the log says so once.
/// </summary>
internal sealed partial class DescriptorAlarm : IDisposable
{
    // Short beside the patience of a client, long beside a turn of the loop.
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(20);

    // A process at its limit gets one back and loses it again all the time.
    private static readonly TimeSpan Calm = TimeSpan.FromMinutes(1);

    private readonly Lock _lock = new();
    private readonly TimeProvider _time;
    private readonly ILogger<DescriptorAlarm> _logger;
    private readonly Lazy<DescriptorShares> _shares;
    private long? _raisedAt;
    private int _waiting;
    private int _loaded;

    public DescriptorAlarm(TimeProvider time, ILogger<DescriptorAlarm> logger)
    {
        (_time, _logger, _shares) = (time, logger, new Lazy<DescriptorShares>(Divide));
        AppDomain.CurrentDomain.AssemblyLoad += CountAssembly;
    }

    /// <summary>Clients wait at the moment, and so would the gateway's own check of itself.</summary>
    public bool KeepsClientsWaiting => Volatile.Read(ref _waiting) > 0;

    public static bool IsCause(SocketException exception) => exception.SocketErrorCode is SocketError.TooManyOpenSockets or SocketError.NoBufferSpaceAvailable;

    /// <summary>Whether a connection with this descriptor is the last to be accepted for now. The kernel gives the lowest that is free.</summary>
    public bool IsLast(Socket accepted) => OperatingSystem.IsLinux() && accepted.Handle >= _shares.Value.EndOfClients(_loaded);

    /// <summary>Refuses a new connection to a service that would take what the process itself needs.</summary>
    /// <exception cref="SocketException">As if the kernel had refused it.</exception>
    public void ThrowIfKept(Socket toService)
    {
        if (OperatingSystem.IsLinux() && toService.Handle >= _shares.Value.EndOfServices(_loaded))
        {
            throw new SocketException((int)SocketError.TooManyOpenSockets);
        }
    }

    /// <summary>Waits until another connection may be accepted. Without a pause an accept that fails is a busy loop: its client stays in the
    /// kernel's queue.</summary>
    public async Task WaitAsync(CancellationToken cancellationToken)
    {
        Interlocked.Increment(ref _waiting);
        try
        {
            do
            {
                Raise();
                await Task.Delay(Pause, _time, cancellationToken);
            }
            while (!HasRoom());
        }
        finally
        {
            Interlocked.Decrement(ref _waiting);
        }
    }

    /// <summary>Says that there is none left, unless it was said within the last minute.</summary>
    public void Raise()
    {
        lock (_lock)
        {
            var isKnown = _raisedAt is { } at && _time.GetElapsedTime(at) < Calm;
            _raisedAt = _time.GetTimestamp();
            if (isKnown)
            {
                return;
            }
        }

        LogExhausted(_logger);
    }

    public void Dispose() => AppDomain.CurrentDomain.AssemblyLoad -= CountAssembly;

    private void CountAssembly(object? sender, AssemblyLoadEventArgs loaded)
    {
        if (_shares.IsValueCreated && !loaded.LoadedAssembly.IsDynamic)
        {
            Interlocked.Increment(ref _loaded);
        }
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
            return probe.DangerousGetHandle() < _shares.Value.EndOfClients(_loaded);
        }
        catch (IOException)
        {
            return false;
        }
    }

    // When the first connection is there: all that is needed to listen has been opened.
    private DescriptorShares Divide()
    {
        if (Limit() is not { } limit)
        {
            return DescriptorShares.Unlimited;
        }

        var shares = DescriptorShares.Of(limit, Directory.GetFiles("/proc/self/fd").Length);
        if (shares.ForConnections < DescriptorShares.Few)
        {
            LogFew(_logger, limit, Math.Max(0, shares.ForConnections));
        }

        return shares;
    }

    // proc(5): "Max open files", the limit in force, the most that it may be raised to, the unit.
    private static int? Limit()
    {
        const string Name = "Max open files";
        if (!OperatingSystem.IsLinux() || File.ReadLines("/proc/self/limits").FirstOrDefault(l => l.StartsWith(Name, StringComparison.Ordinal)) is not { } line)
        {
            return null;
        }

        var text = line[Name.Length..].Split(' ', StringSplitOptions.RemoveEmptyEntries)[0];
        return int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var limit) ? limit : null;
    }

    [LoggerMessage(EventId = 140, Level = LogLevel.Error,
        Message = "No file descriptor is left: new connections wait until others end. Raise LimitNOFILE in the systemd unit (or ulimit -n); a proxied connection takes two")]
    private static partial void LogExhausted(ILogger logger);

    [LoggerMessage(EventId = 141, Level = LogLevel.Warning,
        Message = "The limit of {Limit} file descriptors leaves {Left} for connections, and a proxied one takes two. Raise LimitNOFILE in the systemd unit (or ulimit -n)")]
    private static partial void LogFew(ILogger logger, int limit, int left);
}
