using System.Collections;

namespace Gateway.Platform;

internal static class ProcessEnvironment
{
    /// <summary>Gives the process a home folder if it has none, as under systemd's DynamicUser or a container's numeric user: the
    /// runtime looks for certificate stores below it whenever it builds a chain, and fails without one. systemd's state folder serves;
    /// without that one, a new temporary folder.</summary>
    public static void EnsureHome()
    {
        // Where it knows of none, the runtime says "/" here, and fails there.
        if (!OperatingSystem.IsWindows() && Environment.GetFolderPath(Environment.SpecialFolder.UserProfile) is "" or "/")
        {
            var state = Environment.GetEnvironmentVariable("STATE_DIRECTORY")?.Split(':')[0];
            Environment.SetEnvironmentVariable("HOME", string.IsNullOrEmpty(state) ? Directory.CreateTempSubdirectory("gateway-").FullName : state);
        }
    }

    /// <summary>All variables of this process.</summary>
    public static IReadOnlyDictionary<string, string> Variables() =>
        Environment.GetEnvironmentVariables().Cast<DictionaryEntry>()
            .Where(e => e.Value is string)
            .ToDictionary(e => (string)e.Key, e => (string)e.Value!);
}
