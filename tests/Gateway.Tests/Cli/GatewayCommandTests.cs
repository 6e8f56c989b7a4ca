using Gateway.Cli;

namespace Gateway.Tests.Cli;

public sealed class GatewayCommandTests
{
    private static async Task<(int ExitCode, string Output, string Error)> RunAsync(params string[] args)
    {
        using var output = new StringWriter();
        using var error = new StringWriter();
        var exitCode = await GatewayCommand.RunAsync(args, output, error);
        return (exitCode, output.ToString(), error.ToString());
    }

    [Fact]
    public async Task HelpNamesEveryVerbAndSucceeds()
    {
        var (exitCode, output, _) = await RunAsync("--help");

        Assert.Equal(0, exitCode);
        Assert.All(["run", "dev", "check", "status", "top", "cert", "key"], verb => Assert.Contains(verb, output, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("runn")]
    [InlineData("run", "--confg", "x.json")]
    [InlineData("cert", "create", "--days", "many")]
    [InlineData("cert")]
    [InlineData("key")]
    public async Task WrongUsageIsExplainedAndExits2(params string[] args)
    {
        var (exitCode, _, error) = await RunAsync(args);

        Assert.Equal(2, exitCode);
        Assert.Contains("--help'", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task NothingAtAllShowsTheHelpAndExits2()
    {
        var (exitCode, _, error) = await RunAsync();

        Assert.Equal(2, exitCode);
        Assert.Contains("Usage:", error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("check")]
    [InlineData("run")]
    [InlineData("dev")]
    public async Task AMissingFileIsExplainedAndExits1(string verb)
    {
        var (exitCode, _, error) = await RunAsync(verb, "--config", "/nowhere/gateway.json");

        Assert.Equal(1, exitCode);
        Assert.Contains("/nowhere/gateway.json", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task CheckOfTheSampleSaysValidAndWhatItServes()
    {
        var (exitCode, output, error) = await RunAsync("check", "--config", Path.Combine(ArchitectureTests.RepositoryRoot(), "gateway.json"));

        Assert.Equal("", error);
        Assert.Equal(0, exitCode);
        Assert.Contains("gateway.json: valid", output, StringComparison.Ordinal);
        Assert.Contains("https://*:443", output, StringComparison.Ordinal);
        Assert.Contains("/api/*", output, StringComparison.Ordinal);
        Assert.Contains("http://127.0.0.1:5003", output, StringComparison.Ordinal);
    }
}
