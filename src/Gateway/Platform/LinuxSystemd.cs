namespace Gateway.Platform;

/// <summary>What systemd has to do with a process or a port.</summary>
internal static class LinuxSystemd
{
    /// <summary>Whether it runs this machine.</summary>
    public static bool IsRunning => Directory.Exists("/run/systemd/system");

    /// <summary>The service that a process belongs to, such as <c>nginx.service</c>; null when to none.</summary>
    public static string? ServiceOf(int processId)
    {
        try
        {
            // "0::/system.slice/nginx.service": the last part that is a service; below it may be groups of its own.
            // Those of a user's own systemd are not for the system's.
            return File.ReadLines($"/proc/{processId}/cgroup").Where(line => !line.Contains("/user.slice/", StringComparison.Ordinal))
                .SelectMany(line => line.Split('/')).LastOrDefault(part => part.EndsWith(".service", StringComparison.Ordinal));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <summary>The socket unit that holds a port, with the unit that it starts; null when there is none.</summary>
    public static (string Socket, string Service)? SocketOn(int port)
    {
        // "[::]:443 gateway.socket gateway.service"
        var lines = IsRunning && ExternalCommand.Run("systemctl", "list-sockets", "--no-legend", "--plain", "--no-pager") is { Succeeded: true } list ? list.Output.Split('\n') : [];
        return lines.Select(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries))
            .Where(columns => columns.Length >= 2 && columns[0].EndsWith($":{port}", StringComparison.Ordinal))
            .Select(columns => ((string, string)?)(columns[1], columns.Length > 2 ? columns[2] : ""))
            .FirstOrDefault();
    }

    /// <summary>What a unit is doing: active, failed, inactive; null where systemd does not say.</summary>
    public static string? StateOf(string unit) =>
        IsRunning && ExternalCommand.Run("systemctl", "is-active", unit) is { } result && result.Output.Trim() is { Length: > 0 } state ? state : null;
}
