using Gateway.Platform;

namespace Gateway.Doctor;

/// <summary>The gateway's systemd service as its files say it, drop-ins included.</summary>
internal sealed class ServiceUnit
{
    private const string Service = "gateway.service";

    /// <summary>Where units are, the strongest first.</summary>
    public static readonly IReadOnlyList<string> Folders = ["/etc/systemd/system", "/run/systemd/system", "/usr/local/lib/systemd/system", "/usr/lib/systemd/system", "/lib/systemd/system"];

    private readonly Dictionary<string, List<string>> _values = new(StringComparer.Ordinal);

    private ServiceUnit(string path) => Path = path;

    /// <summary>Without <c>.service</c>, as for systemctl.</summary>
    public string Name => System.IO.Path.GetFileNameWithoutExtension(Path);

    public string Path { get; }

    /// <summary>The socket unit beside it; null when there is none.</summary>
    public string? SocketPath { get; private init; }

    public string? User => Last("User");

    public string? Group => Last("Group");

    /// <summary>The folder that relative paths are relative to.</summary>
    public string WorkingDirectory => Last("WorkingDirectory") is { } folder && System.IO.Path.IsPathRooted(folder) ? folder : "/";

    /// <summary>The program of ExecStart.</summary>
    public string? Program => Words(Last("ExecStart")) is [var program, ..] ? program.TrimStart('@', '-', ':', '+', '!') : null;

    /// <summary>What ExecStart names with <c>--config</c>.</summary>
    public string? ConfigPath
    {
        get
        {
            var words = Words(Last("ExecStart"));
            var named = Array.IndexOf(words, "--config") is >= 0 and var i && i + 1 < words.Length ? words[i + 1]
                : Array.Find(words, w => w.StartsWith("--config=", StringComparison.Ordinal))?["--config=".Length..];
            return named is null ? null : System.IO.Path.Combine(WorkingDirectory, named);
        }
    }

    /// <summary>What systemd will say in <c>$STATE_DIRECTORY</c>.</summary>
    public string? StateDirectory => Words(Last("StateDirectory")) is [var name, ..] ? "/var/lib/" + name : null;

    /// <summary>The hard limit of open files; null when systemd's own holds, or it is no number.</summary>
    public long? FileLimit => Last("LimitNOFILE")?.Split(':')[^1] is { } text ? text == "infinity" ? long.MaxValue : long.TryParse(text, out var limit) ? limit : null : null;

    /// <summary>Whether it may use ports below 1024 whoever its user is.</summary>
    public bool MayBindLowPorts => All("AmbientCapabilities").Any(set => set.Contains("CAP_NET_BIND_SERVICE", StringComparison.Ordinal));

    public static ServiceUnit? Find(IReadOnlyList<string> folders)
    {
        if (folders.Select(f => System.IO.Path.Combine(f, Service)).FirstOrDefault(File.Exists) is not { } path)
        {
            return null;
        }

        var unit = new ServiceUnit(path) { SocketPath = folders.Select(f => System.IO.Path.Combine(f, "gateway.socket")).FirstOrDefault(File.Exists) };
        unit.Read(path);
        var dropIns = folders.Select(f => System.IO.Path.Combine(f, Service + ".d")).Where(Directory.Exists)
            .SelectMany(f => Directory.EnumerateFiles(f, "*.conf"))
            // The strongest folder's file hides those of the same name.
            .DistinctBy(f => System.IO.Path.GetFileName(f)).OrderBy(f => System.IO.Path.GetFileName(f), StringComparer.Ordinal);
        foreach (var dropIn in dropIns)
        {
            unit.Read(dropIn);
        }

        return unit;
    }

    public UnixUser? FindUser() => UnixUser.Named(User ?? "root", Group, All("SupplementaryGroups").SelectMany(Words));

    /// <summary>A variable's value for each name that the unit sets.</summary>
    public IReadOnlyDictionary<string, string> Environment()
    {
        var assignments = All("EnvironmentFile").SelectMany(LinesOf).Concat(All("Environment").SelectMany(Words))
            .Select(line => line.Split('=', 2)).Where(pair => pair.Length == 2);
        var variables = new Dictionary<string, string>();
        foreach (var pair in assignments)
        {
            variables[pair[0].Trim()] = pair[1].Trim().Trim('"', '\'');
        }

        if (StateDirectory is { } state)
        {
            variables["STATE_DIRECTORY"] = state;
        }

        return variables;
    }

    /// <summary>The setting that keeps a path from the service whatever the path's mode is: <c>ProtectHome=yes</c>; null when none does.</summary>
    public string? Hides(string path)
    {
        var full = System.IO.Path.GetFullPath(path, WorkingDirectory);
        bool IsBelow(params string[] folders) => folders.Any(f => full.StartsWith(f + "/", StringComparison.Ordinal));
        return Last("ProtectHome") is "yes" or "true" or "1" or "on" or "tmpfs" && IsBelow("/home", "/root", "/run/user") ? "ProtectHome=" + Last("ProtectHome")
            : Last("PrivateTmp") is "yes" or "true" or "1" or "on" && IsBelow("/tmp", "/var/tmp") ? "PrivateTmp=" + Last("PrivateTmp")
            : null;
    }

    private string? Last(string key) => _values.TryGetValue(key, out var values) && values.Count > 0 ? values[^1] : null;

    private List<string> All(string key) => _values.GetValueOrDefault(key, []);

    private void Read(string path)
    {
        foreach (var line in LinesOf(path))
        {
            if (line.Split('=', 2) is not [var key, var value] || key.Trim() is not { Length: > 0 } name)
            {
                continue;
            }

            var values = _values.TryGetValue(name, out var known) ? known : _values[name] = [];
            // An empty assignment takes back those before it.
            if (value.Trim().Length == 0)
            {
                values.Clear();
            }
            else
            {
                values.Add(value.Trim());
            }
        }
    }

    private static IEnumerable<string> LinesOf(string path)
    {
        try
        {
            return File.ReadAllText(path.TrimStart('-')).Replace("\\\n", " ", StringComparison.Ordinal).Split('\n')
                .Where(line => line.Trim() is { Length: > 0 } text && text[0] is not ('#' or ';' or '['));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }

    private static string[] Words(string? text) =>
        [.. System.Text.RegularExpressions.Regex.Matches(text ?? "", """("[^"]*"|'[^']*'|[^\s"']+)+""").Select(match => match.Value.Replace("\"", "", StringComparison.Ordinal).Replace("'", "", StringComparison.Ordinal))];
}
