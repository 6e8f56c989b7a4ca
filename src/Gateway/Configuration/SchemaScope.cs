namespace Gateway.Configuration;

/// <summary>An object in the file, what may stand in it, and the objects around it: all that is needed to say where a misplaced
/// or misspelt key belongs.</summary>
internal sealed record SchemaScope(ConfigurationNode Node, Schema Schema, SchemaScope? Outer)
{
    private const int MostKeysListed = 12;
    private const int ShortestToMisspell = 8;

    /// <summary>What to do about an unknown key here.</summary>
    public string RemedyFor(string key, ConfigurationErrors errors)
    {
        if (Schema.Items is not null && Schema.Properties.Count == 0)
        {
            return "this is a list: its entries have no names";
        }

        // Among equally near keys, one that is not written yet.
        var known = Schema.Properties.Where(property => !property.Value.IsForbidden).Select(property => property.Key).ToArray();
        if (DidYouMean.Nearest(key, known.OrderBy(name => Node.Child(name) is not null)) is { } near)
        {
            errors.SpeakAbout(Node.PathOf(near));
            return $"did you mean '{near}'?";
        }

        if (PlaceOf(key) is { } place)
        {
            errors.SpeakAbout(place);
            return $"it belongs in {place}";
        }

        return "known here: " + string.Join(", ", known.Take(MostKeysListed)) + (known.Length > MostKeysListed ? ", …" : "");
    }

    /// <summary>The known key that was probably meant by a name where names of the operator's own may stand too: nobody would be told that it has
    /// no effect. Of short keys none; one letter away from them are other words.</summary>
    public string? MisspeltNameOf(string key) =>
        DidYouMean.Nearest(key, Schema.Properties.Keys.Where(name => name.Length >= ShortestToMisspell));

    /// <summary>Looks one level below, then in the objects around and one level below them.</summary>
    private string? PlaceOf(string key)
    {
        for (var scope = this; scope is not null; scope = scope.Outer)
        {
            if (scope != this && scope.Schema.Properties.TryGetValue(key, out var property) && !property.IsForbidden)
            {
                return scope.Node.Path.Length == 0 ? "the outermost object" : scope.Node.Path;
            }

            foreach (var (name, schema) in scope.Schema.Properties)
            {
                if (!schema.IsForbidden && BelowOf(schema).FirstOrDefault(below => Has(below.Schema, key)) is { Schema: not null } found)
                {
                    return scope.Node.PathOf(name) + found.Step;
                }
            }
        }

        return null;
    }

    private static IEnumerable<(string Step, Schema Schema)> BelowOf(Schema schema)
    {
        yield return ("", schema);
        if (schema.Additional is not null)
        {
            yield return (":NAME", schema.Additional);
        }

        if (schema.Items is not null)
        {
            yield return (":0", schema.Items);
        }
    }

    private static bool Has(Schema schema, string key) =>
        schema.Properties.TryGetValue(key, out var property) ? !property.IsForbidden : schema.AnyOf.Any(alternative => Has(alternative, key));
}
