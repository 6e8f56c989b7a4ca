using System.Text.Json;
using System.Text.RegularExpressions;

namespace Gateway.Configuration;

[Flags]
internal enum SchemaTypes { None = 0, Object = 1, Array = 2, String = 4, Number = 8, Integer = 16, Boolean = 32 }

/// <summary>The part of JSON Schema draft-07 that gateway.schema.json uses; the same file serves editors.</summary>
internal sealed class Schema
{
    private static readonly Lazy<Schema> Embedded = new(LoadEmbedded);

    /// <summary>gateway.schema.json, as it was when the program was built.</summary>
    public static Schema Root => Embedded.Value;

    /// <summary>Empty means any.</summary>
    public SchemaTypes Types { get; private init; }

    public IReadOnlyDictionary<string, Schema> Properties { get; private init; } = new Dictionary<string, Schema>();

    /// <summary>What keys of the operator's own have; null when there are none or they may hold anything.</summary>
    public Schema? Additional { get; private init; }

    /// <summary>Whether keys that are not in <see cref="Properties"/> are errors.</summary>
    public bool IsClosed { get; private init; }

    public Schema? Items { get; private init; }

    public IReadOnlyList<Schema> AnyOf { get; private init; } = [];

    public IReadOnlyList<string> Required { get; private init; } = [];

    public IReadOnlyList<string> Enum { get; private init; } = [];

    public Regex? Pattern { get; private init; }

    public long? Minimum { get; private init; }

    public long? Maximum { get; private init; }

    public int MinLength { get; private init; }

    public int MinProperties { get; private init; }

    public int MaxProperties { get; private init; } = int.MaxValue;

    /// <summary>A key that is only listed to explain why it does not work.</summary>
    public bool IsForbidden { get; private init; }

    /// <summary>Never shown in messages.</summary>
    public bool IsSecret { get; private init; }

    /// <summary>As JSON text.</summary>
    public string? Example { get; private init; }

    public string? Description { get; private init; }

    /// <summary>Rule and remedy, separated by <c>; </c>.</summary>
    public string? ErrorMessage { get; private init; }

    public string? PatternErrorMessage { get; private init; }

    public static Schema Parse(JsonElement root) => Parse(root, root.TryGetProperty("definitions", out var definitions) ? definitions : default);

    /// <summary>The schema for a key below this one; null when there is no such key.</summary>
    public Schema? For(string key) =>
        Properties.TryGetValue(key, out var known) ? (known.IsForbidden ? null : known)
        : Items is not null && key.All(char.IsAsciiDigit) ? Items
        : Additional ?? AnyOf.Select(alternative => alternative.For(key)).FirstOrDefault(found => found is not null);

    private static Schema Parse(JsonElement element, JsonElement definitions)
    {
        if (element.TryGetProperty("$ref", out var reference))
        {
            return Parse(definitions.GetProperty(reference.GetString()!["#/definitions/".Length..]), definitions);
        }

        var additional = element.TryGetProperty("additionalProperties", out var value) ? value : default;
        return new Schema
        {
            Types = Texts(element, "type").Aggregate(SchemaTypes.None, (types, name) => types | System.Enum.Parse<SchemaTypes>(name, ignoreCase: true)),
            Properties = element.TryGetProperty("properties", out var properties)
                ? properties.EnumerateObject().ToDictionary(p => p.Name, p => Parse(p.Value, definitions), StringComparer.OrdinalIgnoreCase)
                : new Dictionary<string, Schema>(),
            Additional = additional.ValueKind == JsonValueKind.Object ? Parse(additional, definitions) : null,
            IsClosed = additional.ValueKind == JsonValueKind.False,
            Items = element.TryGetProperty("items", out var items) ? Parse(items, definitions) : null,
            AnyOf = element.TryGetProperty("anyOf", out var anyOf) ? [.. anyOf.EnumerateArray().Select(e => Parse(e, definitions))] : [],
            Required = Texts(element, "required"),
            Enum = Texts(element, "enum"),
            Pattern = Text(element, "pattern") is { } pattern ? new Regex(pattern, RegexOptions.CultureInvariant) : null,
            Minimum = Number(element, "minimum"),
            Maximum = Number(element, "maximum"),
            MinLength = (int)(Number(element, "minLength") ?? 0),
            MinProperties = (int)(Number(element, "minProperties") ?? 0),
            MaxProperties = (int)(Number(element, "maxProperties") ?? int.MaxValue),
            IsForbidden = element.TryGetProperty("not", out _),
            IsSecret = element.TryGetProperty("writeOnly", out var secret) && secret.GetBoolean(),
            Example = element.TryGetProperty("examples", out var examples) ? examples[0].GetRawText() : null,
            Description = Text(element, "description"),
            ErrorMessage = Text(element, "errorMessage"),
            PatternErrorMessage = Text(element, "patternErrorMessage"),
        };
    }

    private static string? Text(JsonElement element, string name) => element.TryGetProperty(name, out var value) ? value.GetString() : null;

    private static long? Number(JsonElement element, string name) => element.TryGetProperty(name, out var value) ? value.GetInt64() : null;

    private static IReadOnlyList<string> Texts(JsonElement element, string name) =>
        !element.TryGetProperty(name, out var value) ? []
        : value.ValueKind == JsonValueKind.Array ? [.. value.EnumerateArray().Select(e => e.GetString()!)]
        : [value.GetString()!];

    private static Schema LoadEmbedded()
    {
        using var stream = typeof(Schema).Assembly.GetManifestResourceStream("gateway.schema.json")
            ?? throw new InvalidOperationException("gateway.schema.json is not embedded in the program.");
        using var document = JsonDocument.Parse(stream);
        return Parse(document.RootElement);
    }
}
