namespace Gateway.Configuration;

/// <summary>The members of one object while it is read: finds keys that are written twice (case does not count), and joins
/// short forms (<c>"A:B": 1</c>) with what is written out (<c>"A": { "C": 2 }</c>).</summary>
internal sealed class NodeMembers(ConfigurationErrors errors)
{
    private readonly Dictionary<string, int> _positions = new(StringComparer.OrdinalIgnoreCase);
    private readonly HashSet<string> _writtenOut = new(StringComparer.OrdinalIgnoreCase);

    public List<ConfigurationNode> Nodes { get; } = [];

    public void Add(ConfigurationNode node, bool isShortForm)
    {
        if (!_positions.TryGetValue(node.Key, out var position))
        {
            _positions[node.Key] = Nodes.Count;
            Nodes.Add(node);
        }
        else if ((isShortForm || !_writtenOut.Contains(node.Key)) && node.IsContainer && Nodes[position].IsContainer)
        {
            Nodes[position] = Join(Nodes[position], node);
        }
        else
        {
            AddTwice(Nodes[position], node);
        }

        if (!isShortForm)
        {
            _writtenOut.Add(node.Key);
        }
    }

    private ConfigurationNode Join(ConfigurationNode first, ConfigurationNode second)
    {
        var joined = new NodeMembers(errors);
        foreach (var child in first.Children.Concat(second.Children))
        {
            joined.Add(child, isShortForm: true);
        }

        var kind = first.Kind == NodeKind.Array || second.Kind == NodeKind.Array ? NodeKind.Array : NodeKind.Object;
        return first with { Kind = kind, Children = joined.Nodes };
    }

    private void AddTwice(ConfigurationNode first, ConfigurationNode second) => errors.Add(
        second, null, $"written twice: in line {first.Location.Line} and in line {second.Location.Line}", "keep one of the two");
}
