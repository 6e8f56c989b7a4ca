namespace Gateway.Platform;

/// <summary>The person behind sudo: root acts, but files and browsers are this user's.</summary>
internal sealed record SudoUser(string Name, string Home)
{
    /// <summary>Null when this process was not started through sudo by an ordinary user.</summary>
    public static SudoUser? From(IReadOnlyDictionary<string, string> environment)
    {
        if (!Environment.IsPrivilegedProcess
            || !environment.TryGetValue("SUDO_USER", out var name)
            || name is "" or "root")
        {
            return null;
        }

        // sudo sets HOME to root's on some systems and leaves it on others. name:password:uid:gid:comment:home:shell
        var entry = ExternalCommand.Run("getent", "passwd", name)?.Output.Trim().Split(':') ?? [];
        var home = entry.Length > 5 ? entry[5] : environment.GetValueOrDefault("HOME", "");
        return home.Length > 0 ? new SudoUser(name, home) : null;
    }
}
