using System.Text.Json.Nodes;
using Gateway.EndToEnd.Harness;

namespace Gateway.EndToEnd.Doctor;

/// <summary>Runs <c>gateway doctor</c>, and does what it says as somebody would who copies it from the terminal.</summary>
internal sealed class DoctorCommand(TestFolder folder)
{
    /// <summary>A shell script that gets the command as its arguments and runs it somewhere else, such as in a mount namespace.</summary>
    public string? Within { get; init; }

    public IReadOnlyDictionary<string, string?> Environment { get; init; } = new Dictionary<string, string?>();

    public string Config => folder["gateway.json"];

    public async Task<DoctorAnswer> AskAsync(params string[] arguments)
    {
        var result = await RunAsync([Repository.Gateway, "doctor", "--json", "--config", Config, .. arguments]);
        Assert.True(result.ExitCode is 0 or 1 && result.Error.Length == 0, result.ToString());
        var report = JsonNode.Parse(result.Output)!;
        Assert.Equal(report["errors"]!.GetValue<int>() > 0 ? 1 : 0, result.ExitCode);
        return new DoctorAnswer(report);
    }

    /// <summary>Types the commands of a finding, one after the other.</summary>
    public async Task DoAsync(JsonNode finding)
    {
        var commands = finding["commands"]!.AsArray().Select(c => c!.GetValue<string>()).ToArray();
        Assert.NotEmpty(commands);
        foreach (var command in commands)
        {
            var result = await RunAsync(["sh", "-c", command]);
            Assert.True(result.ExitCode == 0, $"{command}: {result}");
        }
    }

    /// <summary>Runs a program where the doctor runs.</summary>
    public Task<ProgramResult> RunAsync(string[] command)
    {
        string[] all = Within is null ? command : ["unshare", "--mount", "sh", "-c", Within, "sh", .. command];
        var variables = new Dictionary<string, string?>(Environment)
        {
            // As where the program is installed.
            ["PATH"] = $"{Path.GetDirectoryName(Repository.Gateway)}:{System.Environment.GetEnvironmentVariable("PATH")}",
        };
        return RunningProgram.RunAsync(all[0], all[1..], folder, variables);
    }
}

/// <summary>What it found.</summary>
internal sealed record DoctorAnswer(JsonNode Report)
{
    public override string ToString() => Report.ToString();

    public string Text(string member) => Report[member]!.GetValue<string>();

    public string StateOf(string check) => Check(check)["state"]!.GetValue<string>();

    public JsonArray Findings(string check) => Check(check)["findings"]!.AsArray();

    /// <summary>The one finding of a check, which is an error, and says all that a person needs.</summary>
    public JsonNode TheError(string check)
    {
        var finding = Assert.Single(Findings(check))!;
        Assert.Equal("error", finding["severity"]!.GetValue<string>());
        Assert.NotEmpty(finding["what"]!.GetValue<string>());
        Assert.NotEmpty(finding["why"]!.GetValue<string>());
        Assert.NotEmpty(finding["remedy"]!.GetValue<string>());
        return finding;
    }

    private JsonNode Check(string check) => Report["checks"]!.AsArray().Single(c => c!["check"]!.GetValue<string>() == check)!;
}
