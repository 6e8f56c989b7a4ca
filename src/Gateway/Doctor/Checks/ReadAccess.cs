using Gateway.Platform;

namespace Gateway.Doctor.Checks;

/// <summary>Whether the gateway's user can read a file, and what lets it.</summary>
internal static class ReadAccess
{
    /// <summary>What keeps the gateway's user from files; null when nothing does, as far as that can be seen.</summary>
    /// <param name="paths">What it has to read.</param>
    /// <param name="place">Where they are named.</param>
    public static Finding? Obstacle(Examination examination, IReadOnlyList<string> paths, string place)
    {
        if (OperatingSystem.IsWindows() || examination.User is not { } user)
        {
            return null;
        }

        if (paths.FirstOrDefault(path => examination.Unit?.Hides(path) is not null) is { } hidden)
        {
            return Hidden(examination, user, hidden, place);
        }

        foreach (var path in paths)
        {
            if (PathAccess.Of(user, path, Wanted.Read) is { IsAllowed: false, Obstacle: { } entry } access)
            {
                // The group of a folder that others use (ssl-cert) is joined; root's own, which has no members, is replaced.
                var join = entry.Group != 0 && !user.Groups.Contains(entry.Group) && (entry.Mode >> 3 & access.Missing) == access.Missing;
                return new Finding(
                    Severity.Error,
                    $"permission denied: {path} cannot be read by user '{user.Name}', whom the gateway runs as: {(entry.Path == path ? "it" : entry.Path)} belongs to {entry.OwnerName}:{entry.GroupName} and has mode {entry.ModeText}",
                    "the gateway does not start, or keeps the certificate that it has",
                    join ? $"make that user a member of the group {entry.GroupName}, which may already, and restart the gateway" : "let that user's group in",
                    join
                        ? [$"{Examination.Sudo}usermod -aG {entry.GroupName} {user.Name}", .. examination.Restart is { Length: > 0 } restart ? [restart] : Array.Empty<string>()]
                        : [.. Steps(user, paths).Select(step => Examination.Sudo + ExternalCommand.ForShell(step))])
                {
                    Place = place,
                    Repair = join || !(Environment.IsPrivilegedProcess || entry.OwnerName == Environment.UserName) ? null : () => Apply(user, paths),
                };
            }
        }

        return null;
    }

    private static Finding Hidden(Examination examination, UnixUser user, string path, string place) => new(
        Severity.Error,
        $"{path} cannot be read by the service: {examination.Unit!.Hides(path)} in {examination.Unit.Path} hides that folder from it",
        "the gateway does not start, or keeps the certificate that it has",
        "put a copy where the service looks, and name that instead",
        $"{Examination.Sudo}install -D -m 0640 -g {UnixUser.GroupName(user.Groups[0])} {ExternalCommand.ForShell(path)} {ExternalCommand.ForShell("/etc/gateway/" + Path.GetFileName(path))}")
    {
        Place = place,
        Write = "/etc/gateway/" + Path.GetFileName(path),
        InsteadOf = path,
    };

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

    // Of all paths, each once: they often lie in the same folders.
    private static string[][] Steps(UnixUser user, IReadOnlyList<string> paths) =>
        [.. paths.SelectMany(path => Closed(user, path)).DistinctBy(entry => entry.Path).SelectMany(entry => Steps(user, entry))];

    private static string Apply(UnixUser user, IReadOnlyList<string> paths)
    {
        var done = new List<string>();
        foreach (var step in Steps(user, paths))
        {
            if (ExternalCommand.Run(step[0], step[1..]) is not { Succeeded: true })
            {
                throw new UnauthorizedAccessException($"{string.Join(' ', step)} failed");
            }

            done.Add(ExternalCommand.ForShell(step));
        }

        return string.Join(", ", done);
    }
}
