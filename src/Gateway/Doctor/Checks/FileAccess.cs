using Gateway.Platform;

namespace Gateway.Doctor.Checks;

/// <summary>Whether the gateway's user can read a file, and what lets it.</summary>
internal static class FileAccess
{
    /// <summary>What keeps the gateway's user from a file; null when nothing does, as far as that can be seen.</summary>
    /// <param name="place">Where the file is named.</param>
    public static Finding? Obstacle(Examination examination, string path, string place)
    {
        if (OperatingSystem.IsWindows() || examination.User is not { } user)
        {
            return null;
        }

        if (examination.Unit?.Hides(path) is { } setting)
        {
            return new Finding(
                Severity.Error,
                $"{path} cannot be read by the service: {setting} in {examination.Unit.Path} hides that folder from it",
                "the gateway does not start, or keeps the certificate that it has",
                $"put a copy where the service looks, and name that at {place}",
                $"{Examination.Sudo}install -D -m 0640 -g {UnixUser.GroupName(user.Groups[0])} {ExternalCommand.ForShell(path)} /etc/gateway/{ExternalCommand.ForShell(Path.GetFileName(path))}")
            { Place = place, Write = $"/etc/gateway/{Path.GetFileName(path)}", InsteadOf = path };
        }

        var access = PathAccess.Of(user, path, Wanted.Read);
        if (access is not { IsAllowed: false, Obstacle: { } entry })
        {
            return null;
        }

        var commands = Commands(user, entry, path, examination.Restart);
        return new Finding(
            Severity.Error,
            $"permission denied: {path} cannot be read by user '{user.Name}', whom the gateway runs as: {(entry.Path == path ? "it" : entry.Path)} belongs to {entry.OwnerName}:{entry.GroupName} and has mode {entry.ModeText}",
            "the gateway does not start, or keeps the certificate that it has",
            entry.Group != 0 && !user.Groups.Contains(entry.Group) && (entry.Mode >> 3 & access.Missing) == access.Missing
                ? $"make that user a member of the group {entry.GroupName}, which may already"
                : "let that user's group in",
            commands)
        { Place = place, Repair = () => Apply(user, path) };
    }

    // The group of a folder that others use (ssl-cert) is joined; root's own, which has no members, is replaced.
    private static string[] Commands(UnixUser user, PathEntry entry, string path, string restart)
    {
        var needs = entry.IsFolder ? 1 : 4;
        if (entry.Group != 0 && !user.Groups.Contains(entry.Group) && (entry.Mode >> 3 & needs) == needs)
        {
            return restart.Length > 0 ? [$"{Examination.Sudo}usermod -aG {entry.GroupName} {user.Name}", restart] : [$"{Examination.Sudo}usermod -aG {entry.GroupName} {user.Name}"];
        }

        return [.. Closed(user, path).SelectMany(closed => Steps(user, closed)).Select(step => Examination.Sudo + ExternalCommand.ForShell(step))];
    }

    // All of them on the way, so that one round is enough.
    private static IEnumerable<PathEntry> Closed(UnixUser user, string path)
    {
        if (OperatingSystem.IsWindows())
        {
            yield break;
        }

        foreach (var place in PathAccess.Places(path))
        {
            if (PathAccess.Entry(place) is { } entry && (entry.BitsFor(user) & (entry.IsFolder ? 1 : 4)) == 0)
            {
                yield return entry;
            }
        }
    }

    private static IEnumerable<string[]> Steps(UnixUser user, PathEntry entry)
    {
        if (!user.Groups.Contains(entry.Group))
        {
            yield return ["chgrp", UnixUser.GroupName(user.Groups[0]), entry.Path];
        }

        yield return ["chmod", entry.Owner == user.Id ? entry.IsFolder ? "u+x" : "u+r" : entry.IsFolder ? "g+x" : "g+r", entry.Path];
    }

    private static string Apply(UnixUser user, string path)
    {
        var done = new List<string>();
        foreach (var step in Closed(user, path).ToArray().SelectMany(entry => Steps(user, entry)))
        {
            if (ExternalCommand.Run(step[0], step[1..]) is not { Succeeded: true } result)
            {
                throw new UnauthorizedAccessException($"{string.Join(' ', step)} failed");
            }

            done.Add(ExternalCommand.ForShell(step));
        }

        return string.Join(", ", done);
    }
}
