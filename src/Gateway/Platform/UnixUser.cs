using System.Globalization;

namespace Gateway.Platform;

/// <summary>A user as the kernel sees one: whoever a service runs as.</summary>
/// <param name="Name">For people.</param>
/// <param name="Id">0 is root, whom no mode keeps out.</param>
/// <param name="Groups">All of them, the primary one first.</param>
internal sealed record UnixUser(string Name, long Id, IReadOnlyList<long> Groups)
{
    public bool IsRoot => Id == 0;

    /// <summary>Whether this is who asks.</summary>
    public bool IsThisProcess => OfProcess(Environment.ProcessId) is { } own && own.Id == Id && own.Groups.ToHashSet().SetEquals(Groups);

    /// <summary>The user of the system's lists by name or number; null when there is none.</summary>
    /// <param name="name">As in a unit's User=.</param>
    /// <param name="group">As in its Group=; null for the user's own.</param>
    /// <param name="more">As in its SupplementaryGroups=.</param>
    public static UnixUser? Named(string name, string? group = null, params IEnumerable<string> more)
    {
        if (OperatingSystem.IsWindows() || Numbers("id", "-u", name) is not [var id] || Numbers("id", "-G", name) is not [var own, ..] groups)
        {
            return null;
        }

        var first = group is null ? own : GroupId(group) ?? own;
        return new UnixUser(name, id, [first, .. groups.Concat(more.Select(GroupId).OfType<long>()).Where(g => g != first).Distinct()]);
    }

    /// <summary>Whom a process runs as, with all that it was given at its start; null where there is no /proc, or it has ended.</summary>
    public static UnixUser? OfProcess(int processId)
    {
        try
        {
            var lines = File.ReadAllLines($"/proc/{processId}/status");
            // Real, effective, saved, file system.
            var (user, group) = (Field(lines, "Uid:")[3], Field(lines, "Gid:")[3]);
            var name = ExternalCommand.Run("id", "-nu", user.ToString(CultureInfo.InvariantCulture)) is { Succeeded: true } found
                ? found.Output.Trim()
                : user.ToString(CultureInfo.InvariantCulture);
            return new UnixUser(name, user, [group, .. Field(lines, "Groups:").Where(g => g != group)]);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <summary>The name of a group by its number, for a command.</summary>
    public static string GroupName(long id) =>
        ExternalCommand.Run("getent", "group", id.ToString(CultureInfo.InvariantCulture)) is { Succeeded: true } found
            ? found.Output.Split(':')[0]
            : id.ToString(CultureInfo.InvariantCulture);

    private static long? GroupId(string group) =>
        long.TryParse(group, NumberStyles.None, CultureInfo.InvariantCulture, out var id) ? id
        : ExternalCommand.Run("getent", "group", group)?.Output.Trim().Split(':') is [_, _, var number, ..] && long.TryParse(number, CultureInfo.InvariantCulture, out id) ? id
        : null;

    private static long[] Field(string[] lines, string name) =>
        [.. lines.First(l => l.StartsWith(name, StringComparison.Ordinal))[name.Length..]
            .Split([' ', '\t'], StringSplitOptions.RemoveEmptyEntries).Select(n => long.Parse(n, CultureInfo.InvariantCulture))];

    private static long[]? Numbers(string program, params string[] arguments) =>
        ExternalCommand.Run(program, arguments) is { Succeeded: true } result
            ? [.. result.Output.Split([' ', '\n'], StringSplitOptions.RemoveEmptyEntries).Select(n => long.Parse(n, CultureInfo.InvariantCulture))]
            : null;
}
