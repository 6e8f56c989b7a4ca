using System.Text;
using System.Text.RegularExpressions;

namespace Gateway.Configuration;

/// <summary>A value as it may stand in a message: short, printable, without secrets.</summary>
internal static partial class QuotedValue
{
    private const int LongestValue = 100;
    private const int LongestMessage = 500;

    /// <summary>The value of a node; null when it has none or its key tells that it is a secret.</summary>
    public static string? Of(ConfigurationNode node) => node.Value is null || IsSecret(node.Key) ? null : Of(node.Value);

    public static string Of(string value) => Printable(value, LongestValue);

    /// <summary>A sentence of a library's, which may quote values.</summary>
    public static string OfMessage(string message) => Printable(message, LongestMessage);

    /// <summary>A whole message on one line: keys, which stand in it as they were written, may hold anything.</summary>
    public static string OnOneLine(StringBuilder message)
    {
        for (var i = message.Length - 1; i >= 0; i--)
        {
            if (char.IsControl(message[i]))
            {
                message.Insert(i + 1, Escaped(message[i])).Remove(i, 1);
            }
        }

        return message.ToString();
    }

    private static string Printable(string value, int longest)
    {
        var text = new StringBuilder();
        foreach (var character in Credentials().Replace(value, "://***@"))
        {
            if (text.Length >= longest)
            {
                text.Append('…');
                break;
            }

            _ = char.IsControl(character) ? text.Append(Escaped(character)) : text.Append(character);
        }

        return text.ToString();
    }

    private static string Escaped(char control) => $"\\u{(int)control:x4}";

    private static bool IsSecret(string key) =>
        key.Contains("Password", StringComparison.OrdinalIgnoreCase)
        || key.Contains("Secret", StringComparison.OrdinalIgnoreCase)
        || key.Contains("Token", StringComparison.OrdinalIgnoreCase)
        || key.EndsWith("Key", StringComparison.OrdinalIgnoreCase);

    [GeneratedRegex("://[^/?#]*@")]
    private static partial Regex Credentials();
}
