using System.Globalization;

namespace Gateway.Configuration;

/// <summary>Checks one value against the schema's rules for values.</summary>
internal static class SchemaValue
{
    /// <summary>The rule that is broken with its remedy, or null.</summary>
    public static (string Rule, string? Remedy)? Check(ConfigurationNode node, Schema schema)
    {
        if (!HasType(node, schema.Types))
        {
            return node.Value is not null && schema.PatternErrorMessage is { } message
                ? (message, ForExample(schema))
                : ("must be " + Describe(schema.Types), TypeRemedy(node, schema));
        }

        if (node.Value is not { } value)
        {
            return null;
        }

        if (schema.Enum.Count > 0 && !schema.Enum.Contains(value, StringComparer.OrdinalIgnoreCase))
        {
            return ("must be " + OneOf(schema.Enum), DidYouMean.Nearest(value, schema.Enum) is { } near ? $"did you mean '{near}'?" : null);
        }

        if (schema.Pattern?.IsMatch(value) == false)
        {
            return (schema.PatternErrorMessage!, ForExample(schema));
        }

        if (value.Length < schema.MinLength)
        {
            return ("must not be empty", ForExample(schema));
        }

        return schema.Types.HasFlag(SchemaTypes.Integer) ? CheckRange(value, schema) : null;
    }

    public static bool HasType(ConfigurationNode node, SchemaTypes types) => types == SchemaTypes.None || node.Kind switch
    {
        NodeKind.Object => types.HasFlag(SchemaTypes.Object) || (types.HasFlag(SchemaTypes.Array) && IsIndexed(node)),
        NodeKind.Array => types.HasFlag(SchemaTypes.Array),
        NodeKind.String => types.HasFlag(SchemaTypes.String) || ReadsAs(node.Value!, types),
        NodeKind.Boolean => types.HasFlag(SchemaTypes.Boolean),
        NodeKind.Number => types.HasFlag(SchemaTypes.Number) || ReadsAs(node.Value!, types & SchemaTypes.Integer),
        _ => true,
    };

    public static string Describe(SchemaTypes types)
    {
        // The shortest true description: "text" includes what would be text when quoted.
        List<string> names = [];
        AddIf(SchemaTypes.String, "text in quotes");
        AddIf(SchemaTypes.Boolean, "true or false");
        AddIf(SchemaTypes.Integer, "a whole number");
        AddIf(SchemaTypes.Number, "a number");
        AddIf(SchemaTypes.Array, "a list: [ ... ]");
        AddIf(SchemaTypes.Object, "an object: { ... }");
        return string.Join(" or ", names);

        void AddIf(SchemaTypes type, string name)
        {
            if (types.HasFlag(type))
            {
                names.Add(name);
            }
        }
    }

    // ASP.NET Core lets a list be written as an object whose keys are positions.
    private static bool IsIndexed(ConfigurationNode node) => node.Children.Count > 0 && node.Children.All(child => child.IsElement);

    private static bool ReadsAs(string text, SchemaTypes types) =>
        (types.HasFlag(SchemaTypes.Boolean) && bool.TryParse(text, out _)) || (types.HasFlag(SchemaTypes.Integer) && TryInteger(text, out _));

    private static bool TryInteger(string text, out long number) =>
        long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out number);

    private static (string Rule, string? Remedy)? CheckRange(string value, Schema schema) =>
        !TryInteger(value, out var number) ? null
        : number < schema.Minimum ? ($"must be at least {schema.Minimum}", null)
        : number > schema.Maximum ? ($"must be at most {schema.Maximum}", null)
        : null;

    private static string? TypeRemedy(ConfigurationNode node, Schema schema) =>
        node.Location.Variable is { } variable && schema.Types.HasFlag(SchemaTypes.Array) ? $"set its entries one by one: {variable}__0, {variable}__1"
        : node.Location.Variable is { } name && schema.Types == SchemaTypes.Object ? $"name what to set in it: {name}__KEY"
        : ForExample(schema);

    private static string? ForExample(Schema schema) => schema.Example is { } example ? "for example " + example : null;

    private static string OneOf(IReadOnlyList<string> values) =>
        values.Count == 1 ? values[0] : string.Join(", ", values.Take(values.Count - 1)) + " or " + values[^1];
}
