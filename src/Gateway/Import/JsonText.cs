using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Gateway.Import;

/// <summary>An object of a gateway.json that a person will read: comments, and one line for what is short.</summary>
internal sealed class JsonText
{
    private const int Width = 150;

    private readonly List<Member> _members = [];

    public bool IsEmpty => !_members.Any(member => member.Value is not null);

    /// <param name="name">The key.</param>
    /// <param name="value">Text, a number, a truth value, a <see cref="JsonText"/> or a list of these.</param>
    /// <param name="above">A comment above it; lines are kept.</param>
    /// <param name="behind">A comment at the end of its line.</param>
    public JsonText Add(string name, object value, string? above = null, string? behind = null)
    {
        _members.Add(new Member(name, value, above, behind));
        return this;
    }

    /// <summary>Adds it unless it is empty.</summary>
    public JsonText AddUnlessEmpty(string name, JsonText value, string? above = null) => value._members.Count == 0 ? this : Add(name, value, above);

    /// <summary>A comment that stands for itself.</summary>
    public JsonText Remark(string text)
    {
        _members.Add(new Member(null, null, text, null));
        return this;
    }

    public override string ToString()
    {
        var text = new StringBuilder();
        Write(text, this, 0);
        return text.Append('\n').ToString();
    }

    private static void Write(StringBuilder text, object value, int depth)
    {
        if (Inline(value) is { } inline && (depth * 2) + inline.Length <= Width && depth > 1)
        {
            text.Append(inline);
        }
        else if (value is JsonText { _members.Count: > 0 } json)
        {
            text.Append("{\n");
            json.WriteMembers(text, depth + 1);
            Indent(text, depth).Append('}');
        }
        else if (value is IReadOnlyCollection<object> { Count: > 0 } list)
        {
            text.Append("[\n");
            var left = list.Count;
            foreach (var item in list)
            {
                Write(Indent(text, depth + 1), item, depth + 1);
                text.Append(--left > 0 ? ",\n" : "\n");
            }

            Indent(text, depth).Append(']');
        }
        else
        {
            text.Append(Inline(value) ?? "{}");
        }
    }

    private void WriteMembers(StringBuilder text, int depth)
    {
        var last = _members.FindLastIndex(member => member.Value is not null);
        for (var i = 0; i < _members.Count; i++)
        {
            var member = _members[i];
            if (i > 0 && depth == 1)
            {
                text.Append('\n');
            }

            foreach (var line in (member.Above ?? "").Split('\n').Where(line => line.Length > 0))
            {
                Indent(text, depth).Append("// ").Append(Plain(line)).Append('\n');
            }

            if (member is { Name: { } name, Value: { } value })
            {
                Indent(text, depth).Append(Quote(name)).Append(": ");
                Write(text, value, depth);
                text.Append(i < last ? "," : "").Append(member.Behind is { } behind ? " // " + Plain(behind) : "").Append('\n');
            }
        }
    }

    private static string? Inline(object value) => value switch
    {
        string text => Quote(text),
        bool truth => truth ? "true" : "false",
        int or long => ((IFormattable)value).ToString(null, CultureInfo.InvariantCulture),
        JsonText json when json._members.All(m => m is { Above: null, Behind: null }) => All(json._members, m => Inline(m.Value!) is { } inner ? $"{Quote(m.Name!)}: {inner}" : null) is { } members
            ? members.Length == 0 ? "{}" : $"{{ {string.Join(", ", members)} }}"
            : null,
        IReadOnlyCollection<object> list => All(list, Inline) is { } items ? $"[{string.Join(", ", items)}]" : null,
        _ => null,
    };

    private static string[]? All<T>(IReadOnlyCollection<T> items, Func<T, string?> inline)
    {
        var texts = items.Select(inline).OfType<string>().ToArray();
        return texts.Length == items.Count ? texts : null;
    }

    // A control character in a comment would end it, or the reader's patience.
    private static string Plain(string comment) => string.Concat(comment.Select(c => char.IsControl(c) || c is '\u2028' or '\u2029' ? ' ' : c)).TrimEnd();

    private static string Quote(string text) => $"\"{JsonEncodedText.Encode(text, JavaScriptEncoder.UnsafeRelaxedJsonEscaping)}\"";

    private static StringBuilder Indent(StringBuilder text, int depth) => text.Append(' ', depth * 2);

    private sealed record Member(string? Name, object? Value, string? Above, string? Behind);
}
