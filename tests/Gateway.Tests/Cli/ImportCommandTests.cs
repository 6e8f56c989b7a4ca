using Gateway.Cli;
using Gateway.Tests.Certificates;

namespace Gateway.Tests.Cli;

public sealed class ImportCommandTests : IDisposable
{
    private const string Server = "server {\n  listen 8080 default_server;\n  image_filter size;\n  location / { proxy_pass http://127.0.0.1:1; }\n}\n";

    private readonly TestFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    private static async Task<(int ExitCode, string Output, string Error)> RunAsync(params string[] args)
    {
        using var output = new StringWriter();
        using var error = new StringWriter();
        return (await GatewayCommand.RunAsync(["import", "nginx", .. args], output, error), output.ToString(), error.ToString());
    }

    [Fact]
    public async Task WithoutAFileTheConfigurationGoesToOutputAndTheReportToError()
    {
        var (exitCode, output, error) = await RunAsync(_folder.Write("site", Server));

        Assert.Equal(0, exitCode);
        Assert.StartsWith("{\n", output, StringComparison.Ordinal);
        Assert.Contains("    3  not supported  image_filter size;\n", error, StringComparison.Ordinal);
        Assert.Contains("5 directives: ", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task TheFileIsWrittenAndChecked()
    {
        var (exitCode, output, error) = await RunAsync(_folder.Write("site", Server), "--out", _folder["gateway.json"]);

        Assert.Equal((0, ""), (exitCode, error));
        Assert.Contains("    4  kept           location / {\n", output, StringComparison.Ordinal);
        Assert.Contains("finds nothing wrong with it.", output, StringComparison.Ordinal);
        using var check = new StringWriter();
        Assert.Equal(0, await GatewayCommand.RunAsync(["check", "--config", _folder["gateway.json"]], check, check));
    }

    [Fact]
    public async Task StrictEndsWith1WhenSomethingIsNotSupported()
    {
        Assert.Equal(1, (await RunAsync(_folder.Write("site", Server), "--out", _folder["gateway.json"], "--strict")).ExitCode);
        Assert.True(File.Exists(_folder["gateway.json"]));
        Assert.Equal(0, (await RunAsync(_folder.Write("site", Server.Replace("image_filter size;", "", StringComparison.Ordinal)), "--strict")).ExitCode);
    }

    [Fact]
    public async Task AFileThatIsThereIsLeftAsItIsUnlessForced()
    {
        var (site, there) = (_folder.Write("site", Server), _folder.Write("gateway.json", "mine"));

        var (exitCode, _, error) = await RunAsync(site, "--out", there);
        Assert.Equal(1, exitCode);
        Assert.Contains("left as it is", error, StringComparison.Ordinal);
        Assert.Equal("mine", File.ReadAllText(there));

        Assert.Equal(0, (await RunAsync(site, "--out", there, "--force")).ExitCode);
        Assert.NotEqual("mine", File.ReadAllText(there));
    }

    [Theory]
    [InlineData("server { listen 80;", "site(1,8): this block is never closed")]
    [InlineData("", null)]
    public async Task WhatCannotBeReadIsExplained(string text, string? problem)
    {
        var (exitCode, _, error) = await RunAsync(_folder.Write("site", text), "--out", _folder["gateway.json"]);

        Assert.Equal(problem is null ? 0 : 1, exitCode);
        Assert.Contains(problem ?? "", error, StringComparison.Ordinal);
        Assert.Equal(problem is null, File.Exists(_folder["gateway.json"]));
    }

    [Fact]
    public async Task AMissingFileIsExplained()
    {
        var (exitCode, _, error) = await RunAsync(_folder["gone"]);

        Assert.Equal(1, exitCode);
        Assert.Contains(_folder["gone"], error, StringComparison.Ordinal);
    }
}
