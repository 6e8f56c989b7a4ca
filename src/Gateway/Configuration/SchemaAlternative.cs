namespace Gateway.Configuration;

/// <summary>Decides which alternative of an <c>anyOf</c> a value means to be: by its type, and among objects by the first required
/// key, which every kind of transform has for its own.</summary>
internal static class SchemaAlternative
{
    /// <summary>The alternative; null when there is none, which is then reported.</summary>
    public static Schema? Choose(ConfigurationNode node, Schema schema, ConfigurationErrors errors)
    {
        var ofType = schema.AnyOf.Where(alternative => SchemaValue.HasType(node, alternative.Types)).ToArray();
        if (ofType.Length == 1)
        {
            return ofType[0];
        }

        if (ofType.Length == 0)
        {
            var types = schema.AnyOf.Aggregate(SchemaTypes.None, (all, alternative) => all | alternative.Types);
            errors.Add(node, QuotedValue.Of(node), "must be " + SchemaValue.Describe(types));
            return null;
        }

        if (ofType.FirstOrDefault(alternative => node.Child(alternative.Required[0]) is not null) is { } chosen)
        {
            return chosen;
        }

        ReportUnknown(node, [.. ofType.Select(alternative => alternative.Required[0])], errors);
        return null;
    }

    private static void ReportUnknown(ConfigurationNode node, string[] kinds, ConfigurationErrors errors)
    {
        foreach (var child in node.Children)
        {
            if (DidYouMean.Nearest(child.Key, kinds) is { } near)
            {
                errors.Add(child, null, "unknown key", $"did you mean '{near}'?");
                errors.SpeakAbout(node.Path);
                return;
            }
        }

        errors.Add(node, null, "nothing says what this changes", "it needs one of " + string.Join(", ", kinds));
    }
}
