using System.Globalization;
using Gateway.Platform;

namespace Gateway.Hosting.Systemd;

/// <summary>What systemd hands to a process that it starts; nothing of it when somebody else started this one.</summary>
/// <param name="NotifySocket">Where the state of the service is reported; '@' begins an abstract name. See sd_notify(3).</param>
/// <param name="WatchdogTimeout">How long systemd waits for a sign of life; see sd_watchdog_enabled(3).</param>
/// <param name="Descriptors">Open sockets with the names that their units gave them; see sd_listen_fds(3).</param>
internal sealed record SystemdHandover(string? NotifySocket, TimeSpan? WatchdogTimeout, IReadOnlyList<(int Descriptor, string Name)> Descriptors)
{
    public static readonly SystemdHandover None = new(null, null, []);

    private const int FirstDescriptor = 3;

    private static readonly string[] Variables =
        ["NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID", "LISTEN_FDS", "LISTEN_PID", "LISTEN_FDNAMES"];

    /// <summary>Takes it from this process's environment, and out of it: it is not for the programs that this one starts.</summary>
    public static SystemdHandover Take()
    {
        if (!OperatingSystem.IsLinux())
        {
            return None;
        }

        var handover = Read(ProcessEnvironment.Variables(), Environment.ProcessId);
        foreach (var variable in Variables)
        {
            Environment.SetEnvironmentVariable(variable, null);
        }

        foreach (var (descriptor, _) in handover.Descriptors)
        {
            LinuxDescriptors.SetInheritable(descriptor, false);
        }

        return handover;
    }

    /// <param name="environment">Of the process.</param>
    /// <param name="processId">Its own: what was meant for its parent is not for it.</param>
    public static SystemdHandover Read(IReadOnlyDictionary<string, string> environment, int processId)
    {
        var notifySocket = environment.GetValueOrDefault("NOTIFY_SOCKET") is ['/' or '@', _, ..] address ? address : null;
        var watchdog = Number("WATCHDOG_USEC") is { } microseconds and > 0 && (Number("WATCHDOG_PID") ?? processId) == processId
            ? TimeSpan.FromMicroseconds(microseconds)
            : (TimeSpan?)null;
        var count = Number("LISTEN_PID") == processId ? Number("LISTEN_FDS") ?? 0 : 0;
        var names = environment.GetValueOrDefault("LISTEN_FDNAMES")?.Split(':') ?? [];
        return new SystemdHandover(
            notifySocket,
            watchdog,
            [.. Enumerable.Range(0, (int)count).Select(i => (FirstDescriptor + i, names.ElementAtOrDefault(i) ?? "unknown"))]);

        long? Number(string variable) =>
            long.TryParse(environment.GetValueOrDefault(variable), NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : null;
    }
}
