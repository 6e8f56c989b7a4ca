using System.CommandLine;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Gateway.Cli;

/// <summary>`gateway key`: what the policies of Gateway:Access know clients by.</summary>
internal static class KeyCommand
{
    public static Command Create() => Create(PasswordPrompt.Read);

    /// <param name="readPassword">Asks for a password, with what to write the question to; null when none came.</param>
    public static Command Create(Func<TextWriter, string?> readPassword) => new("key", "Make API keys and password hashes for Gateway:Access.")
    {
        KeyCreateCommand.Create(),
        KeyPasswordCommand.Create(readPassword),
    };

    /// <summary>Text in quotes, as it stands in gateway.json.</summary>
    public static string Json(string text) => $"\"{JsonEncodedText.Encode(text, JavaScriptEncoder.UnsafeRelaxedJsonEscaping)}\"";
}
