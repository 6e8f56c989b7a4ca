using Gateway.Configuration;

namespace Gateway.Explain;

/// <summary>Where settings come from.</summary>
internal sealed class Sources(GatewayConfiguration configuration)
{
    public const string Default = "default";

    /// <summary>The place where the key is written; <c>default</c> where it is not.</summary>
    public string Of(string path) => configuration.Tree.Find(path) is { } node ? node.Location.ToString() : Default;

    /// <summary>The first of the keys that is written counts.</summary>
    public string OfFirst(params ReadOnlySpan<string> paths)
    {
        foreach (var path in paths)
        {
            if (configuration.Tree.Find(path) is { } node)
            {
                return node.Location.ToString();
            }
        }

        return Default;
    }

    public ExplanationLine Line(string name, string value, string path) => new(name, value, Of(path));
}
