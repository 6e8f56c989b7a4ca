using System.Text.Json.Nodes;
using Gateway.EndToEnd.Harness;
using Gateway.Tests.Hosting;
using Microsoft.AspNetCore.Http;

namespace Gateway.EndToEnd.Publishing;

/// <summary>One file for each platform, which needs nothing on the machine that it is put on.</summary>
public sealed class PublishTests(PublishedGateway published)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    // What a file of each platform begins with: ELF, PE and Mach-O; and where ELF names the processor (x86-64: 62, AArch64: 183).
    [InlineData("linux-x64", "gateway", "\u007fELF", 62)]
    [InlineData("linux-arm64", "gateway", "\u007fELF", 183)]
    [InlineData("win-x64", "gateway.exe", "MZ", null)]
    [InlineData("osx-arm64", "gateway", "\u00cf\u00fa\u00ed\u00fe\u000c\u0000\u0000\u0001", null)]
    public async Task PublishesOneFileWithoutAWarningAndLeavesTheRepositoryAsItWas(string platform, string file, string beginning, int? elfMachine)
    {
        var before = await RepositoryStateAsync();

        var result = await published.PublishAsync(platform);

        Assert.DoesNotContain("warning", result.Output + result.Error, StringComparison.OrdinalIgnoreCase);
        var path = Assert.Single(Directory.GetFileSystemEntries(published.Folder(platform)));
        Assert.Equal(file, Path.GetFileName(path));
        var start = new byte[20];
        await using (var stream = File.OpenRead(path))
        {
            await stream.ReadExactlyAsync(start, Cancellation);
        }

        Assert.StartsWith(beginning, System.Text.Encoding.Latin1.GetString(start), StringComparison.Ordinal);
        if (elfMachine is not null)
        {
            Assert.Equal(elfMachine, BitConverter.ToUInt16(start, 18));
        }

        Assert.Equal(before, await RepositoryStateAsync());
    }

    [Fact]
    public async Task ThePublishedFileHelpsAndChecksWithoutDotnet()
    {
        using var folder = new TestFolder();
        var gateway = await published.PublishForThisMachineAsync();
        folder.Write("gateway.json", new GatewayJson().Https().To("http://127.0.0.1:3000").ToString());
        folder.Write("wrong.json", new GatewayJson().Https().To("http://127.0.0.1:3000").Set("ReverseProxy:Clusters:service:Destinatons", new JsonObject()).ToString());

        var help = await RunningProgram.RunAsync(gateway, ["--help"], folder, WithoutDotnet());
        var valid = await RunningProgram.RunAsync(gateway, ["check"], folder, WithoutDotnet());
        var wrong = await RunningProgram.RunAsync(gateway, ["check", "--config", "wrong.json"], folder, WithoutDotnet());

        Assert.True(help.ExitCode == 0 && help.Output.Contains("check", StringComparison.Ordinal), help.ToString());
        Assert.True(valid.ExitCode == 0 && valid.Output.StartsWith("gateway.json: valid", StringComparison.Ordinal), valid.ToString());
        // The schema is inside the file.
        Assert.Equal(1, wrong.ExitCode);
        Assert.Contains("did you mean 'Destinations'?", wrong.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ThePublishedFileServesAndLogsAsTheFileSaysWithoutDotnet()
    {
        using var folder = new TestFolder();
        var path = await published.PublishForThisMachineAsync();
        await using var service = await TestService.StartAsync(context => context.Response.WriteAsync("served"));
        var json = new GatewayJson().Https().To(service.Address);
        // Sinks and formatters are found by name, which has to work where there are no assembly files.
        json.Set("Serilog:WriteTo", new JsonArray(
            new JsonObject { ["Name"] = "Console", ["Args"] = new JsonObject { ["outputTemplate"] = "console: {Message:lj}{NewLine}" } },
            new JsonObject
            {
                ["Name"] = "File",
                ["Args"] = new JsonObject
                {
                    ["path"] = folder["access.log"],
                    ["formatter"] = "Serilog.Formatting.Compact.CompactJsonFormatter, Serilog.Formatting.Compact",
                },
            }));
        folder.Write("gateway.json", json.ToString());

        await using (var program = RunningProgram.Start(path, ["run"], folder, WithoutDotnet()))
        {
            await program.WaitForLineAsync("console: gateway ");
            using var handler = new SocketsHttpHandler { SslOptions = GatewayProcess.TrustOnly(folder.CaPath) };
            using var client = new HttpClient(handler);
            Assert.Equal("served", await client.GetStringAsync($"https://localhost:{json.HttpsPort}/published", Cancellation));
            await program.WaitForLineAsync("/published 200");
            program.Terminate();
            Assert.Equal(0, (await program.WaitForExitAsync()).ExitCode);
        }

        var log = await File.ReadAllLinesAsync(folder["access.log"], Cancellation);
        Assert.Contains(log, line => JsonNode.Parse(line)!["Path"]?.GetValue<string>() == "/published");
    }

    /// <summary>Nothing of this process's environment, but a PATH on which there is nothing.</summary>
    private static Dictionary<string, string?> WithoutDotnet()
    {
        var environment = Environment.GetEnvironmentVariables().Keys.Cast<string>().ToDictionary(name => name, _ => (string?)null);
        environment["PATH"] = "/nowhere";
        environment.Remove("HOME");
        return environment;
    }

    private static async Task<string> RepositoryStateAsync()
    {
        var git = Require.Tool("git");
        var status = await RunningProgram.RunAsync(
            git, ["-c", $"safe.directory={Repository.Root}", "status", "--porcelain", "--", "src", "*.props", "*.json"], workingDirectory: Repository.Root);
        Require.That(status.ExitCode == 0, $"This is no git repository: {status.Error}");
        var lockFile = await File.ReadAllTextAsync(Path.Combine(Repository.Root, "src/Gateway/packages.lock.json"), Cancellation);
        return status.Output + lockFile;
    }
}
