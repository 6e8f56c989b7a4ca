namespace Gateway.Configuration;

/// <summary>The name of an access policy, where it is used: by a route, or by the gateway's own files.</summary>
internal static class PolicyReference
{
    /// <param name="node">Where the name stands, for the message.</param>
    /// <param name="name">Null or empty means none.</param>
    /// <param name="root">The whole configuration.</param>
    /// <param name="errors">Gets what is wrong.</param>
    public static void Check(ConfigurationNode node, string? name, ConfigurationNode root, ConfigurationErrors errors)
    {
        var policies = root.Find("Gateway:Access")?.Children.Select(policy => policy.Key).ToArray() ?? [];
        if (string.IsNullOrEmpty(name)
            || name.Equals("Anonymous", StringComparison.OrdinalIgnoreCase)
            || policies.Contains(name, StringComparer.OrdinalIgnoreCase)
            || errors.IsSpokenAbout("Gateway:Access:" + name))
        {
            return;
        }

        var isYarps = name.Equals("Default", StringComparison.OrdinalIgnoreCase);
        var remedy = DidYouMean.Nearest(name, policies) is { } near ? $"did you mean '{near}'?"
            : policies.Length == 0 ? "add a policy under Gateway:Access and name it here"
            : "add it under Gateway:Access; there are " + string.Join(", ", policies);
        errors.Add(node, QuotedValue.Of(name), isYarps ? "the gateway has no default policy" : "there is no such policy", remedy);
    }
}
