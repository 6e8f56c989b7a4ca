using System.Text.Json;

namespace Gateway.Configuration;

/// <summary>Reads JSON (comments and trailing commas allowed) into a tree that remembers where everything is written.</summary>
internal sealed class JsonTree
{
    private const int MaxDepth = 64;

    private readonly SourceText _text;
    private readonly ConfigurationErrors _errors;
    private readonly Stack<SourceLocation> _open = [];

    private JsonTree(SourceText text, ConfigurationErrors errors)
    {
        _text = text;
        _errors = errors;
    }

    /// <summary>The tree; null when the text is not JSON, which is then reported.</summary>
    public static ConfigurationNode? Read(byte[] utf8, string file, ConfigurationErrors errors)
    {
        if (utf8.AsSpan().StartsWith("\uFEFF"u8))
        {
            utf8 = utf8[3..];
        }

        var text = new SourceText(utf8, file);
        if (text.FirstInvalidByte() is var invalid and >= 0)
        {
            errors.Add(text.At(invalid), "", null, $"byte 0x{utf8[invalid]:X2} is not UTF-8 text", "save the file as UTF-8");
            return null;
        }

        return new JsonTree(text, errors).ReadRoot(utf8, file);
    }

    private ConfigurationNode? ReadRoot(byte[] utf8, string file)
    {
        var reader = new Utf8JsonReader(utf8, new JsonReaderOptions
        {
            AllowTrailingCommas = true,
            CommentHandling = JsonCommentHandling.Skip,
            MaxDepth = MaxDepth,
        });

        try
        {
            reader.Read();
            if (reader.TokenType != JsonTokenType.StartObject)
            {
                _errors.Add(_text.At(reader.TokenStartIndex), "", null, "the file must hold one JSON object", "put everything between { and }");
                return null;
            }

            var root = ReadValue(ref reader, ConfigurationNode.EmptyRoot(file));
            reader.Read();
            return root;
        }
        catch (JsonException e)
        {
            _errors.Add(_text.At(e.LineNumber ?? 0, e.BytePositionInLine ?? 0), "", null, "not valid JSON: " + QuotedValue.OfMessage(WithoutPosition(e.Message)), Remedy(e.Message));
        }
        catch (InvalidOperationException)
        {
            // Utf8JsonReader.GetString on an escape such as \ud800 that stands alone.
            _errors.Add(_text.At(reader.TokenStartIndex), "", null, "not valid JSON: a \\u escape is half of a surrogate pair", "write the character itself");
        }

        return null;
    }

    /// <summary>Reads the value at the reader into <paramref name="node"/>, which has its key and location already.</summary>
    private ConfigurationNode ReadValue(ref Utf8JsonReader reader, ConfigurationNode node)
    {
        switch (reader.TokenType)
        {
            case JsonTokenType.StartObject:
                _open.Push(_text.At(reader.TokenStartIndex));
                node = node with { Kind = NodeKind.Object, Children = ReadObject(ref reader, node) };
                _open.Pop();
                return node;
            case JsonTokenType.StartArray:
                _open.Push(_text.At(reader.TokenStartIndex));
                node = node with { Kind = NodeKind.Array, Children = ReadArray(ref reader, node) };
                _open.Pop();
                return node;
            case JsonTokenType.True:
                return node with { Kind = NodeKind.Boolean, Value = bool.TrueString };
            case JsonTokenType.False:
                return node with { Kind = NodeKind.Boolean, Value = bool.FalseString };
            case JsonTokenType.Number:
                return node with { Kind = NodeKind.Number, Value = System.Text.Encoding.UTF8.GetString(reader.ValueSpan) };
            case JsonTokenType.String:
                return node with { Kind = NodeKind.String, Value = reader.GetString() };
            default:
                return node with { Kind = NodeKind.Null };
        }
    }

    private List<ConfigurationNode> ReadArray(ref Utf8JsonReader reader, ConfigurationNode parent)
    {
        var elements = new List<ConfigurationNode>();
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            var index = elements.Count.ToString(System.Globalization.CultureInfo.InvariantCulture);
            elements.Add(ReadValue(ref reader, Blank(parent, index, _text.At(reader.TokenStartIndex))));
        }

        return elements;
    }

    private List<ConfigurationNode> ReadObject(ref Utf8JsonReader reader, ConfigurationNode parent)
    {
        var members = new NodeMembers(_errors);
        while (reader.Read() && reader.TokenType != JsonTokenType.EndObject)
        {
            // "WriteTo:Async" is ASP.NET Core's short form of "WriteTo": { "Async": ... }.
            var location = _text.At(reader.TokenStartIndex);
            var keys = reader.GetString()!.Split(':');
            var chain = new ConfigurationNode[keys.Length];
            for (var i = 0; i < keys.Length; i++)
            {
                chain[i] = Blank(i == 0 ? parent : chain[i - 1], keys[i], location);
            }

            reader.Read();
            var node = ReadValue(ref reader, chain[^1]);
            for (var i = keys.Length - 2; i >= 0; i--)
            {
                node = chain[i] with { Kind = NodeKind.Object, Children = [node] };
            }

            members.Add(node, isShortForm: keys.Length > 1);
        }

        return members.Nodes;
    }

    private static ConfigurationNode Blank(ConfigurationNode parent, string key, SourceLocation location) =>
        new(key, parent.PathOf(key), NodeKind.Null, null, location, []);

    private static string WithoutPosition(string message) =>
        message.IndexOf(" LineNumber:", StringComparison.Ordinal) is var end and > 0 ? message[..end].TrimEnd('.') : message;

    private string Remedy(string message) =>
        message.Contains("after a value", StringComparison.Ordinal) ? "is a comma missing before this?"
        : message.Contains("end of the JSON payload", StringComparison.Ordinal) && _open.TryPeek(out var open)
            ? $"close what line {open.Line}, column {open.Column} opens"
        : message.StartsWith("'''", StringComparison.Ordinal) ? "use double quotes"
        : message.Contains("start of a property name", StringComparison.Ordinal) ? "keys stand in double quotes"
        : message.Contains("escapable", StringComparison.Ordinal) ? "write a backslash twice"
        : message.Contains("maximum configured depth", StringComparison.Ordinal) ? "nest less deeply"
        : "correct the file here; everything after it has not been read";
}
