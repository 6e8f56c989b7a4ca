namespace Gateway.Boundary.Access;

/// <summary>One parameter of a query, found however it is written, and taken out without touching a byte of the others.</summary>
internal static class QueryParameter
{
    /// <param name="query">With its question mark; a second one belongs to the first name.</param>
    /// <param name="name">Ignores case, as ASP.NET Core does.</param>
    /// <returns>Every value of that name, decoded.</returns>
    public static IReadOnlyList<string> Values(string? query, string name)
    {
        List<string> values = [];
        foreach (var part in Parts(query))
        {
            if (IsNamed(part, name))
            {
                var equals = part.IndexOf('=', StringComparison.Ordinal);
                values.Add(equals < 0 ? "" : Decode(part[(equals + 1)..]));
            }
        }

        return values;
    }

    /// <param name="target">A request target or a query: what stands before the first question mark stays.</param>
    /// <param name="name">Of the parameters to take out.</param>
    public static string Without(string target, string name)
    {
        var mark = target.IndexOf('?', StringComparison.Ordinal);
        if (mark < 0)
        {
            return target;
        }

        var parts = Parts(target[mark..]);
        var rest = parts.Where(part => !IsNamed(part, name)).ToArray();
        return rest.Length == parts.Length ? target
            : rest.Length == 0 ? target[..mark]
            : target[..(mark + 1)] + string.Join('&', rest);
    }

    private static string[] Parts(string? query) => (query is ['?', ..] ? query[1..] : "").Split('&');

    private static bool IsNamed(string part, string name)
    {
        var equals = part.IndexOf('=', StringComparison.Ordinal);
        return Decode(equals < 0 ? part : part[..equals]).Equals(name, StringComparison.OrdinalIgnoreCase);
    }

    private static string Decode(string text) => Uri.UnescapeDataString(text.Replace('+', ' '));
}
