using Gateway.EndToEnd.Harness;

namespace Gateway.EndToEnd.Dev;

/// <summary>The first command of the README, by somebody who has just cloned the repository.</summary>
[Collection(DevPorts.Collection)]
public sealed class ReadmeCommandTests : IDisposable
{
    private static readonly TimeSpan TimeToBuild = TimeSpan.FromMinutes(6);

    private readonly TestFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task StartsEverythingFromAFreshCloneAndStopsWithoutATrace()
    {
        Require.That(Path.Exists(Path.Combine(Repository.Root, ".git")), "This is no git clone, so there is nothing to clone.");
        var clone = await CloneAsync();

        await StartAndStopAsync(clone, command => command.Terminate());
        // Ctrl-C reaches every process that the terminal has in the foreground, the gateway and its services at the same time.
        await StartAndStopAsync(clone, command => command.InterruptGroup());

        Assert.Equal("", await ChangesAsync(clone));
    }

    private async Task StartAndStopAsync(string clone, Action<RunningProgram> stop)
    {
        await DevPorts.RequireFreeAsync();
        await using var command = RunningProgram.Start(
            Require.Tool("setsid"),
            ["dotnet", "run", "--project", "src/Gateway", "--", "dev", "--", "dotnet", "run", "--project", "src/Backends"],
            _folder,
            Variables(),
            workingDirectory: clone);
        await command.WaitForLineAsync("Ready: https://localhost:5443", TimeToBuild);
        Assert.Contains(command.Output.Lines, line => line.Contains("dotnet run --project src/Gateway -- cert trust", StringComparison.Ordinal));
        var page = await RunningProgram.RunAsync(
            Require.Tool("curl"),
            ["--silent", "--show-error", "--fail", "--cacert", _folder["home/.local/state/gateway/local-ca/ca.crt"], "https://localhost:5443/"]);
        Assert.True(page.ExitCode == 0, page.ToString());
        Assert.Contains("call-start", page.Output, StringComparison.Ordinal);

        stop(command);

        var result = await command.WaitForExitAsync();
        Assert.Empty(command.Family.Describe());
        Assert.Empty(DevPorts.Taken());
        Assert.DoesNotContain("Unhandled exception", result.Error, StringComparison.Ordinal);
    }

    private async Task<string> CloneAsync()
    {
        // The clone may belong to another user than the one who runs the tests.
        _folder.Write("home/.gitconfig", "[safe]\n\tdirectory = *\n");
        var clone = await RunningProgram.RunAsync(
            Require.Tool("git"), ["clone", "--quiet", Repository.Root, _folder["clone"]], _folder, timeout: TimeToBuild);
        Assert.True(clone.ExitCode == 0, clone.ToString());
        return _folder["clone"];
    }

    private async Task<string> ChangesAsync(string clone) =>
        (await RunningProgram.RunAsync("git", ["status", "--porcelain"], _folder, workingDirectory: clone)).Output;

    private static Dictionary<string, string?> Variables() => new()
    {
        // The state goes where a person's goes.
        ["GATEWAY_Gateway__StateDirectory"] = null,
        // What test.sh has restored; here there may be no network.
        ["NUGET_PACKAGES"] = Environment.GetEnvironmentVariable("NUGET_PACKAGES")
            ?? Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".nuget/packages"),
        // Build servers outlive a build on purpose; here whatever is left over counts.
        ["MSBUILDDISABLENODEREUSE"] = "1",
        ["UseSharedCompilation"] = "false",
        ["DOTNET_CLI_TELEMETRY_OPTOUT"] = "1",
        ["DOTNET_GENERATE_ASPNET_CERTIFICATE"] = "false",
    };
}
