namespace Gateway.Configuration;

/// <summary>Checks a tree against the schema and reports every deviation. Where the schema says boolean or integer, text that
/// reads as one will do, as in ASP.NET Core configuration; null counts as absent.</summary>
internal sealed class SchemaWalker(ConfigurationErrors errors)
{
    private readonly HashSet<ConfigurationNode> _unusable = [];

    /// <summary>Unknown keys, values of the wrong type or form, and null.</summary>
    public IReadOnlySet<ConfigurationNode> Unusable => _unusable;

    public void Walk(ConfigurationNode root, Schema schema) => Walk(root, schema, null);

    private void Walk(ConfigurationNode node, Schema schema, SchemaScope? outer)
    {
        if (!node.IsPresent)
        {
            _unusable.Add(node);
            return;
        }

        if (schema.AnyOf.Count > 0)
        {
            if (SchemaAlternative.Choose(node, schema, errors) is not { } chosen)
            {
                _unusable.Add(node);
                return;
            }

            schema = chosen;
        }

        if (SchemaValue.Check(node, schema) is var (rule, remedy))
        {
            _unusable.Add(node);
            errors.Add(node, schema.IsSecret ? null : QuotedValue.Of(node), rule, remedy);
            return;
        }

        if (node.IsContainer)
        {
            WalkChildren(node, schema, new SchemaScope(node, schema, outer));
        }
    }

    private void WalkChildren(ConfigurationNode node, Schema schema, SchemaScope scope)
    {
        foreach (var child in node.Children)
        {
            if (schema.Properties.TryGetValue(child.Key, out var known))
            {
                WalkKnown(child, known, scope);
            }
            else if (schema.Items is not null && child.IsElement)
            {
                Walk(child, schema.Items, scope);
            }
            else if (schema.Additional is not null && scope.MisspeltNameOf(child.Key) is { } meant)
            {
                errors.Add(child, null, "unknown key", $"did you mean '{meant}'? A name of your own must differ more");
            }
            else if (schema.Additional is not null)
            {
                Walk(child, schema.Additional, scope);
            }
            else if (schema.IsClosed || schema.Items is not null)
            {
                _unusable.Add(child);
                errors.Add(child, null, "unknown key", scope.RemedyFor(child.Key, errors));
            }
        }

        CheckMembers(node, schema);
    }

    private void WalkKnown(ConfigurationNode child, Schema schema, SchemaScope scope)
    {
        if (schema.IsForbidden)
        {
            _unusable.Add(child);
            errors.Add(child, null, "unknown key", schema.ErrorMessage);
        }
        else
        {
            Walk(child, schema, scope);
        }
    }

    private void CheckMembers(ConfigurationNode node, Schema schema)
    {
        foreach (var key in schema.Required.Where(key => node.Child(key) is null))
        {
            var example = schema.Properties.TryGetValue(key, out var property) ? property.Example : null;
            errors.AddMissing(node, key, example is null ? $"add \"{key}\"" : $"add it, for example \"{key}\": {example}");
        }

        var count = node.Children.Count(child => child.IsPresent);
        if ((count < schema.MinProperties || count > schema.MaxProperties) && !errors.IsSpokenAboutWithin(node.Path))
        {
            var message = schema.ErrorMessage!.Split("; ", 2);
            errors.Add(node, null, message[0], message.ElementAtOrDefault(1));
        }
    }
}
