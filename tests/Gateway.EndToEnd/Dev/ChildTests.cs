using Gateway.EndToEnd.Harness;

namespace Gateway.EndToEnd.Dev;

/// <summary>The command that <c>gateway dev</c> runs beside itself.</summary>
[Collection(DevPorts.Collection)]
public sealed class ChildTests : IDisposable
{
    private readonly TestFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task ACommandThatDiesEndsTheGatewayWithItsExitCode()
    {
        var result = await DevAsync("sh", "-c", "echo one; echo two >&2; env; exit 7");

        Assert.Equal(7, result.ExitCode);
        // How the gateway has .NET wait for sockets is not for a .NET program beside it.
        Assert.DoesNotContain("INLINE_COMPLETIONS", result.Output, StringComparison.Ordinal);
        Assert.Contains("sh | one", result.Output, StringComparison.Ordinal);
        Assert.Contains("sh | two", result.Output, StringComparison.Ordinal);
        Assert.Contains("ended with exit code 7", result.Error, StringComparison.Ordinal);
        Assert.Empty(DevPorts.Taken());
    }

    [Fact]
    public async Task ServicesThatDieLaterEndTheGatewayToo()
    {
        await using var gateway = await GatewayProcess.DevAsync(_folder, command: Repository.Backends);
        var backends = gateway.Program.Family.Members().Single(id => id != gateway.Program.ProcessId);

        ProcessFamily.Send(backends, 9);

        var result = await gateway.Program.WaitForExitAsync();
        Assert.Equal(128 + 9, result.ExitCode);
        Assert.Contains("so the gateway ends as well", result.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task AMissingCommandIsExplained()
    {
        var result = await DevAsync("no-such-program", "--flag");

        Assert.Equal(1, result.ExitCode);
        Assert.Contains("Cannot start 'no-such-program'", result.Error, StringComparison.Ordinal);
        Assert.Contains("after --", result.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", result.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(2)]
    [InlineData(15)]
    public async Task ASignalStopsTheWholeTreeEvenWhatIgnoresItOrLeftTheGroup(int signal)
    {
        await DevPorts.RequireFreeAsync();
        await using var gateway = RunningProgram.Start(
            Repository.Gateway,
            ["dev", "--config", Path.Combine(Repository.Root, "gateway.json"), "--",
                "sh", "-c", "trap '' TERM INT; (setsid sleep 1001 &) ; sleep 1002 & echo started; wait"],
            _folder);
        await gateway.WaitForLineAsync("sh | started");

        ProcessFamily.Send(gateway.ProcessId, signal);

        var result = await gateway.WaitForExitAsync();
        Assert.True(result.ExitCode == 0, result.ToString());
        Assert.Empty(gateway.Family.Describe());
        Assert.Empty(DevPorts.Taken());
    }

    private async Task<ProgramResult> DevAsync(params string[] command)
    {
        await DevPorts.RequireFreeAsync();
        return await RunningProgram.RunAsync(
            Repository.Gateway, ["dev", "--config", Path.Combine(Repository.Root, "gateway.json"), "--", .. command], _folder);
    }
}
