using System.CommandLine;
using Gateway.Configuration;

namespace Gateway.Cli;

/// <summary>`gateway key password`: the hash of a password for HTTP basic.</summary>
internal static class KeyPasswordCommand
{
    public static Command Create(Func<TextWriter, string?> readPassword)
    {
        var user = new Argument<string>("USER") { Description = "The user's name." };
        user.Validators.Add(result =>
        {
            // RFC 7617 section 2.
            if (result.Tokens is [{ Value: var value }] && (value.Length == 0 || value.Contains(':', StringComparison.Ordinal) || value.Any(char.IsControl)))
            {
                result.AddError("USER must not be empty or hold a colon or control characters");
            }
        });
        var command = new Command("password", "Hash a password for HTTP basic. It is asked for, or read from standard input.") { user };
        command.SetAction(parsed =>
        {
            var console = parsed.InvocationConfiguration;
            if (readPassword(console.Error) is not { Length: > 0 } password)
            {
                console.Error.WriteLine("No password was given, or not the same one twice; nothing was made.");
                return ExitCode.Failure;
            }

            console.Output.WriteLine($$"""
                Put this into gateway.json, under Gateway:Access:POLICY:Basic:
                  {{KeyCommand.Json(parsed.GetRequiredValue(user))}}: "{{PasswordHash.Of(password)}}"
                """);
            return ExitCode.Success;
        });
        return command;
    }
}
