using System.Globalization;

namespace Gateway.Platform;

/// <summary>Finds who listens on a port by way of /proc: the socket's inode, then the process that holds it.</summary>
internal static class LinuxPortOwner
{
    private const string Listening = " 0A ";
    private static readonly string[] Tables = ["/proc/net/tcp", "/proc/net/tcp6"];

    public static PortOwner? Find(int port) => Holders(port).FirstOrDefault();

    /// <summary>Everybody who has the listening socket: systemd and the service that it handed the socket to, for example. Without root
    /// only this user's own processes.</summary>
    public static IEnumerable<PortOwner> Holders(int port)
    {
        var inodes = Tables.SelectMany(table => Inodes(table, port)).ToHashSet();
        if (inodes.Count == 0)
        {
            yield break;
        }

        foreach (var folder in Directory.EnumerateDirectories("/proc"))
        {
            if (int.TryParse(Path.GetFileName(folder), NumberStyles.None, CultureInfo.InvariantCulture, out var id)
                && Holds(folder, inodes))
            {
                yield return new PortOwner(Name(folder), id);
            }
        }
    }

    // "  0: 0100007F:1F90 00000000:0000 0A ... uid timeout inode ..."; a busy server has a line for each of thousands of connections.
    private static IEnumerable<string> Inodes(string table, int port)
    {
        var ending = $":{port:X4}";
        try
        {
            return [.. File.ReadLines(table).Where(line => line.Contains(Listening, StringComparison.Ordinal))
                .Select(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries))
                .Where(columns => columns.Length > 9 && columns[1].EndsWith(ending, StringComparison.Ordinal))
                .Select(columns => $"socket:[{columns[9]}]")];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }

    // Other users' processes cannot be looked into, and any process may end while it is looked at.
    private static bool Holds(string folder, HashSet<string> inodes)
    {
        try
        {
            return Directory.EnumerateFileSystemEntries(Path.Combine(folder, "fd"))
                .Any(link => new FileInfo(link).LinkTarget is { } target && inodes.Contains(target));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    private static string Name(string folder)
    {
        try
        {
            return File.ReadAllText(Path.Combine(folder, "comm")).Trim();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return "unknown";
        }
    }
}
