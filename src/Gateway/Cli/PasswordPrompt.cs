using System.Text;

namespace Gateway.Cli;

/// <summary>Reads a password where nobody sees it: from the keyboard without showing it, or from standard input. Never from the
/// command line, which every user of the machine can read.</summary>
internal static class PasswordPrompt
{
    /// <returns>Null when nothing came, or two different ones.</returns>
    public static string? Read(TextWriter output)
    {
        if (Console.IsInputRedirected)
        {
            return Console.In.ReadLine();
        }

        var first = ReadHidden("Password: ", output);
        return ReadHidden("Again: ", output) == first ? first : null;
    }

    private static string ReadHidden(string question, TextWriter output)
    {
        output.Write(question);
        var text = new StringBuilder();
        while (Console.ReadKey(intercept: true) is var key && key.Key != ConsoleKey.Enter)
        {
            if (key.Key == ConsoleKey.Backspace)
            {
                text.Length = Math.Max(0, text.Length - 1);
            }
            else if (!char.IsControl(key.KeyChar))
            {
                text.Append(key.KeyChar);
            }
        }

        output.WriteLine();
        return text.ToString();
    }
}
