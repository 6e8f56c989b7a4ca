namespace Gateway.Acme;

/// <summary>Reads Link headers (RFC 8288 section 3), of which ACME uses the target and the relation.</summary>
internal static class LinkHeader
{
    public static IEnumerable<Uri> Targets(Uri baseUrl, IEnumerable<string> headers, string relation)
    {
        foreach (var header in headers)
        {
            for (var rest = header.AsMemory(); TryTake(ref rest, out var target, out var parameters);)
            {
                if (HasRelation(parameters, relation) && Uri.TryCreate(baseUrl, target, out var url))
                {
                    yield return url;
                }
            }
        }
    }

    private static bool TryTake(ref ReadOnlyMemory<char> rest, out string target, out string parameters)
    {
        target = parameters = "";
        var start = rest.Span.IndexOf('<');
        var length = start < 0 ? -1 : rest.Span[start..].IndexOf('>');
        if (length < 0)
        {
            return false;
        }

        target = rest.Span.Slice(start + 1, length - 1).ToString();
        rest = rest[(start + length + 1)..];
        var end = EndOfParameters(rest.Span);
        parameters = rest.Span[..end].ToString();
        rest = rest[end..];
        return true;
    }

    private static int EndOfParameters(ReadOnlySpan<char> text)
    {
        var quoted = false;
        for (var i = 0; i < text.Length; i++)
        {
            if (text[i] == '"')
            {
                quoted = !quoted;
            }
            else if (text[i] == ',' && !quoted)
            {
                return i;
            }
        }

        return text.Length;
    }

    private static bool HasRelation(string parameters, string relation) => parameters
        .Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)
        .Select(parameter => parameter.Split('=', 2, StringSplitOptions.TrimEntries))
        .Any(pair => pair.Length == 2
            && pair[0].Equals("rel", StringComparison.OrdinalIgnoreCase)
            && pair[1].Trim('"').Split(' ').Contains(relation, StringComparer.OrdinalIgnoreCase));
}
