using System.Runtime.Versioning;

namespace Gateway.Platform;

/// <summary>Explains with user, owner and mode why a file cannot be read.</summary>
internal static class UnixAccess
{
    /// <param name="path">The file that could not be read.</param>
    /// <param name="ownerFormat">How this system's stat is asked for "owner:group".</param>
    public static string Describe(string path, params string[] ownerFormat)
    {
        var who = $"the gateway runs as user '{Environment.UserName}'";
        if (OperatingSystem.IsWindows() || Nearest(path) is not var (place, mode))
        {
            return who;
        }

        var owner = ExternalCommand.Run("stat", [.. ownerFormat, "--", place]) is { Succeeded: true } stat
            ? $"belongs to {stat.Output.Trim()} and "
            : "";
        return $"{who}; {place} {owner}has mode {Octal(mode)}";
    }

    /// <summary>Whether everybody on this machine can read a file, or enter or list a folder: by its own mode, and through all folders above
    /// it. A group is somebody's choice and no concern of ours (certbot's <c>ssl-cert</c>).</summary>
    /// <returns>The mode in octal; null where others cannot, or there is no such thing.</returns>
    public static string? ModeOpenToOthers(string path)
    {
        if (OperatingSystem.IsWindows())
        {
            return null;
        }

        try
        {
            var target = Target(path);
            var mode = File.GetUnixFileMode(target);
            var others = Directory.Exists(target) ? UnixFileMode.OtherRead | UnixFileMode.OtherExecute : UnixFileMode.OtherRead;
            var isReached = true;
            for (var folder = Path.GetDirectoryName(target); folder is not null && isReached; folder = Path.GetDirectoryName(folder))
            {
                isReached = (File.GetUnixFileMode(folder) & UnixFileMode.OtherExecute) != 0;
            }

            return isReached && (mode & others) != 0 ? Octal(mode) : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null; // whoever opens it says why it cannot be had
        }
    }

    private static string Octal(UnixFileMode mode) => Convert.ToString((int)mode, 8).PadLeft(4, '0');

    // Below a folder that may not be entered nothing can be asked about, so the folder itself is what to look at.
    [UnsupportedOSPlatform("windows")]
    private static (string Place, UnixFileMode Mode)? Nearest(string path)
    {
        for (string? place = Target(path); place is not null; place = Path.GetDirectoryName(place))
        {
            try
            {
                return (place, File.GetUnixFileMode(place));
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
            }
        }

        return null;
    }

    private static string Target(string path)
    {
        var full = Path.GetFullPath(path);
        try
        {
            return File.ResolveLinkTarget(full, returnFinalTarget: true)?.FullName ?? full;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return full;
        }
    }
}
