using System.Globalization;
using System.Runtime.Versioning;

namespace Gateway.Platform;

/// <summary>What a user wants of a file or a folder.</summary>
internal enum Wanted
{
    /// <summary>To read a file.</summary>
    Read = 4,

    /// <summary>To make and replace files in a folder.</summary>
    Write = 3,
}

/// <summary>One file or folder with what decides who may use it.</summary>
internal sealed record PathEntry(string Path, long Owner, long Group, int Mode, string OwnerName, string GroupName, bool IsFolder)
{
    public string ModeText => Convert.ToString(Mode, 8).PadLeft(4, '0');

    /// <summary>The bits of the mode that hold for a user: the owner's, else the group's, else those of all others.</summary>
    public int BitsFor(UnixUser user) => user.IsRoot ? 7 : (Owner == user.Id ? Mode >> 6 : user.Groups.Contains(Group) ? Mode >> 3 : Mode) & 7;
}

/// <summary>Whether another user may use a path: owner, group and mode of the file and of every folder above it.</summary>
/// <param name="IsAllowed">Null where this process may not look.</param>
/// <param name="Obstacle">What keeps the user out; null when nothing does or it cannot be seen.</param>
/// <param name="Missing">The bits of the mode that the user would need there.</param>
internal sealed record PathAccess(bool? IsAllowed, PathEntry? Obstacle = null, int Missing = 0)
{
    private const int Enter = 1;

    [UnsupportedOSPlatform("windows")]
    public static PathAccess Of(UnixUser user, string path, Wanted wanted)
    {
        foreach (var (place, isLast) in PlacesWithLast(path))
        {
            if (Entry(place) is not { } entry)
            {
                return new PathAccess(IsAllowed: null);
            }

            var needed = isLast ? (int)wanted : Enter;
            if ((entry.BitsFor(user) & needed) != needed)
            {
                // A list of rights beside the mode (setfacl) may still let it in: the kernel is asked.
                return IsAllowedAfterAll(user, place, needed) ? new PathAccess(true) : new PathAccess(false, entry, needed & ~entry.BitsFor(user));
            }
        }

        return new PathAccess(true);
    }

    /// <summary>Null where it is not there or this process may not look.</summary>
    public static PathEntry? Entry(string path)
    {
        // The runtime tells the mode but not whose a file is.
        var fields = ExternalCommand.Run("stat", "-L", "-c", "%u %g %a %U %G %F", "--", path) is { Succeeded: true } stat ? stat.Output.Trim().Split(' ', 6) : [];
        return fields.Length == 6
            ? new PathEntry(
                path, long.Parse(fields[0], CultureInfo.InvariantCulture), long.Parse(fields[1], CultureInfo.InvariantCulture),
                Convert.ToInt32(fields[2], 8), fields[3], fields[4], fields[5] == "directory")
            : null;
    }

    /// <summary>What has to be passed to come to a path, itself last.</summary>
    public static IEnumerable<string> Places(string path) => PlacesWithLast(path).Select(place => place.Place);

    // From the root down: the folders to the name, then, where a link leads elsewhere (certbot's live), those to what it names.
    private static IEnumerable<(string Place, bool IsLast)> PlacesWithLast(string path)
    {
        var full = Path.GetFullPath(path);
        var target = Target(full);
        return Above(full).Concat(target == full ? new Stack<string>() : Above(target)).Distinct().Select(place => (place, false)).Append((target, true));
    }

    private static Stack<string> Above(string path)
    {
        var folders = new Stack<string>();
        for (var folder = Path.GetDirectoryName(path); folder is not null; folder = Path.GetDirectoryName(folder))
        {
            folders.Push(folder);
        }

        return folders;
    }

    private static string Target(string full)
    {
        try
        {
            return File.ResolveLinkTarget(full, returnFinalTarget: true)?.FullName ?? full;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return full;
        }
    }

    private static bool IsAllowedAfterAll(UnixUser user, string path, int needed)
    {
        if (!Environment.IsPrivilegedProcess || !ExternalCommand.Exists("setpriv"))
        {
            return false;
        }

        string[] tests = [.. new[] { (4, "-r"), (2, "-w"), (1, "-x") }.Where(pair => (needed & pair.Item1) != 0).Select(pair => pair.Item2)];
        return tests.All(test => ExternalCommand.Run(
            "setpriv",
            $"--reuid={user.Id.ToString(CultureInfo.InvariantCulture)}",
            $"--regid={user.Groups[0].ToString(CultureInfo.InvariantCulture)}",
            "--groups=" + string.Join(',', user.Groups.Select(g => g.ToString(CultureInfo.InvariantCulture))),
            "test", test, path) is { Succeeded: true });
    }
}
