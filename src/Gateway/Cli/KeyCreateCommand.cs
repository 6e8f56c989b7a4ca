using System.CommandLine;
using Gateway.Configuration;

namespace Gateway.Cli;

/// <summary>`gateway key create`: an API key, and the hash of it for gateway.json.</summary>
internal static class KeyCreateCommand
{
    public static Command Create()
    {
        var name = new Argument<string>("NAME")
        {
            Description = "Who will hold the key; it stands in the log, and the service gets it as X-Authenticated-User.",
            DefaultValueFactory = _ => "my app",
        };
        name.Validators.Add(result =>
        {
            if (result.Tokens is [{ Value: var value }] && (string.IsNullOrWhiteSpace(value) || value.Any(char.IsControl)))
            {
                result.AddError("NAME must not be empty or hold control characters");
            }
        });
        var command = new Command("create", "Make an API key. Only its hash goes into gateway.json.") { name };
        command.SetAction(parsed =>
        {
            var key = ApiKeyHash.CreateKey();
            parsed.InvocationConfiguration.Output.WriteLine($$"""
                The key, shown this once; give it to the client:
                  {{key}}

                Put this into gateway.json, under Gateway:Access:POLICY:ApiKeys:
                  { "Name": {{KeyCommand.Json(parsed.GetRequiredValue(name))}}, "Hash": "{{ApiKeyHash.Of(key)}}" }
                """);
            return ExitCode.Success;
        });
        return command;
    }
}
