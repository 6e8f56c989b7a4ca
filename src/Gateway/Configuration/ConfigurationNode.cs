namespace Gateway.Configuration;

internal enum NodeKind { Object, Array, String, Number, Boolean, Null }

/// <summary>One key of the configuration with what stands under it and where it is written. Immutable; keys ignore case,
/// as everywhere in ASP.NET Core configuration.</summary>
/// <param name="Key">As written; the index for an element of a list.</param>
/// <param name="Path">All keys from the top, joined with ':'; empty for the root.</param>
/// <param name="Kind">How it was written.</param>
/// <param name="Value">The text that ASP.NET Core configuration sees; null for objects, lists and null.</param>
/// <param name="Location">Of the key.</param>
/// <param name="Children">In the order of the file.</param>
internal sealed record ConfigurationNode(
    string Key, string Path, NodeKind Kind, string? Value, SourceLocation Location, IReadOnlyList<ConfigurationNode> Children)
{
    public static ConfigurationNode EmptyRoot(string file) => new("", "", NodeKind.Object, null, new SourceLocation(file, 0, 0), []);

    public bool IsContainer => Kind is NodeKind.Object or NodeKind.Array;

    /// <summary>Whether the key is the position of an element in a list.</summary>
    public bool IsElement => Key.Length is > 0 and < 10 && Key.All(char.IsAsciiDigit);

    /// <summary>Whether something other than null is written here.</summary>
    public bool IsPresent => Kind != NodeKind.Null;

    /// <summary>The child of this name that is not null.</summary>
    public ConfigurationNode? Child(string key) =>
        Children.FirstOrDefault(child => child.IsPresent && child.Key.Equals(key, StringComparison.OrdinalIgnoreCase));

    /// <summary>The node at a path below this one.</summary>
    public ConfigurationNode? Find(string path)
    {
        var node = this;
        foreach (var key in path.Split(':'))
        {
            node = node?.Child(key);
        }

        return node;
    }

    /// <summary>The node at a path below this one, or as far towards it as there is one.</summary>
    public ConfigurationNode Nearest(string path)
    {
        var node = this;
        foreach (var key in path.Split(':'))
        {
            if (node.Child(key) is not { } child)
            {
                break;
            }

            node = child;
        }

        return node;
    }

    public string PathOf(string key) => Path.Length == 0 ? key : Path + ":" + key;

    /// <summary>A copy with <paramref name="value"/> at the end of <paramref name="keys"/>, replacing whatever is there.</summary>
    public ConfigurationNode With(ReadOnlySpan<string> keys, string value, SourceLocation location)
    {
        if (keys.IsEmpty)
        {
            return this with { Kind = NodeKind.String, Value = value, Location = location, Children = [] };
        }

        var name = keys[0];
        var children = IsContainer ? Children.ToList() : [];
        var index = children.FindIndex(child => child.Key.Equals(name, StringComparison.OrdinalIgnoreCase));
        var child = index >= 0 ? children[index] : new ConfigurationNode(name, PathOf(name), NodeKind.Null, null, location, []);
        child = child.With(keys[1..], value, location);
        if (index >= 0)
        {
            children[index] = child;
        }
        else
        {
            children.Add(child);
        }

        return IsContainer
            ? this with { Children = children }
            : this with { Kind = NodeKind.Object, Value = null, Location = location, Children = children };
    }

    /// <summary>A copy without some nodes and what is below them.</summary>
    public ConfigurationNode Without(IReadOnlySet<ConfigurationNode> nodes) =>
        nodes.Count == 0
            ? this
            : this with { Children = [.. Children.Where(child => !nodes.Contains(child)).Select(child => child.Without(nodes))] };

    /// <summary>Keys and values as ASP.NET Core's own JSON reader gives them: an empty list is "", an empty object null.</summary>
    public IEnumerable<KeyValuePair<string, string?>> Flatten() =>
        Children.Count > 0 ? Children.SelectMany(child => child.Flatten())
        : Path.Length == 0 ? []
        : [KeyValuePair.Create(Path, Kind == NodeKind.Array ? "" : Value)];

    // Two nodes are the same only if they are the same place in the same tree.
    public bool Equals(ConfigurationNode? other) => ReferenceEquals(this, other);

    public override int GetHashCode() => System.Runtime.CompilerServices.RuntimeHelpers.GetHashCode(this);
}
