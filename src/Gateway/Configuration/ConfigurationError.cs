using System.Text;

namespace Gateway.Configuration;

/// <summary>One thing wrong with the configuration, in the words that the operator reads.</summary>
/// <param name="Location">Where: <c>gateway.json(14,7)</c>, <c>environment variable GATEWAY_X__Y</c>, or the bare file name.</param>
/// <param name="Path">The configuration path, <c>ReverseProxy:Clusters:voice</c>; empty when the error is about the file itself.</param>
/// <param name="Value">The offending value; null when there is none or when it is a secret.</param>
/// <param name="Rule">What is wrong: <c>unknown key</c>, <c>must be true or false</c>.</param>
/// <param name="Remedy">What to do about it; null when the rule says it all.</param>
internal sealed record ConfigurationError(string Location, string Path, string? Value, string Rule, string? Remedy)
{
    /// <summary><c>gateway.json(14,7): Gateway:HttpsRedirect: 'maybe': must be true or false; write true or false</c></summary>
    public override string ToString()
    {
        var text = new StringBuilder(Location).Append(": ");
        if (Path.Length > 0 && !Location.EndsWith(" " + Path, StringComparison.Ordinal))
        {
            text.Append(Path).Append(": ");
        }

        if (Value is not null)
        {
            text.Append('\'').Append(Value).Append("': ");
        }

        text.Append(Rule);
        if (Remedy is not null)
        {
            text.Append("; ").Append(Remedy);
        }

        return QuotedValue.OnOneLine(text);
    }
}
