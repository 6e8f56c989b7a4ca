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

            text.Append(char.IsControl(character) ? $"\\u{(int)character:x4}" : character);
        }

        return text.ToString();
    }

    private static bool IsSecret(string key) =>
        key.Contains("Password", StringComparison.OrdinalIgnoreCase)
        || key.Contains("Secret", StringComparison.OrdinalIgnoreCase)
        || key.Contains("Token", StringComparison.OrdinalIgnoreCase)
        || key.EndsWith("Key", StringComparison.OrdinalIgnoreCase);

    [GeneratedRegex("://[^/?#]*@")]
    private static partial Regex Credentials();
}
