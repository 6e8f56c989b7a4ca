namespace Gateway.Certificates.Automatic;

/// <summary>Puts texts of others, such as a CA's, between sentences of our own.</summary>
internal static class Sentence
{
    /// <summary>The text on one line with a full stop, unless it ends as a sentence does.</summary>
    public static string Of(string text)
    {
        var line = string.Concat(text.Select(c => char.IsControl(c) ? ' ' : c)).Trim();
        return line.Length == 0 || line[^1] is '.' or '!' or '?' or '…' ? line : line + ".";
    }

    /// <summary>Several of them, one after the other.</summary>
    public static string Join(IEnumerable<string> texts) => string.Join(' ', texts.Select(Of).Distinct());
}
