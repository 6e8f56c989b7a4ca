namespace Gateway.Configuration;

/// <summary>Collects everything that is wrong, and remembers which paths have been spoken about, so that one mistake of the
/// operator's does not come out as two errors.</summary>
internal sealed class ConfigurationErrors
{
    private readonly List<(SourceLocation Location, ConfigurationError Error)> _errors = [];
    private readonly HashSet<string> _spokenAbout = new(StringComparer.OrdinalIgnoreCase);

    public void Add(ConfigurationNode node, string? value, string rule, string? remedy = null) =>
        Add(node.Location, node.Path, value, rule, remedy);

    public void Add(SourceLocation location, string path, string? value, string rule, string? remedy = null)
    {
        _errors.Add((location, new ConfigurationError(location.ToString(), path, value, rule, remedy)));
        SpeakAbout(path);
    }

    /// <summary>Adds that <paramref name="key"/> is missing in <paramref name="node"/>, unless a typo of it has been reported.</summary>
    public void AddMissing(ConfigurationNode node, string key, string remedy)
    {
        if (!IsSpokenAbout(node.PathOf(key)))
        {
            _errors.Add((node.Location, new ConfigurationError(node.Location.ToString(), node.Path, null, $"has no '{key}'", remedy)));
            SpeakAbout(node.PathOf(key));
        }
    }

    public void SpeakAbout(string path) => _spokenAbout.Add(path);

    /// <summary>Whether an error has been reported at this path or above it.</summary>
    public bool IsSpokenAbout(string path)
    {
        for (var end = path.Length; end > 0; end = path.LastIndexOf(':', end - 1))
        {
            if (_spokenAbout.Contains(path[..end]))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Whether an error has been reported at this path, above it or below it.</summary>
    public bool IsSpokenAboutWithin(string path) =>
        IsSpokenAbout(path) || _spokenAbout.Any(other => other.StartsWith(path + ":", StringComparison.OrdinalIgnoreCase));

    /// <summary>In file order, the environment last.</summary>
    public IReadOnlyList<ConfigurationError> InOrder() => [.. _errors.OrderBy(entry => entry.Location).Select(entry => entry.Error)];
}
