using System.Text.Json.Nodes;
using Gateway.EndToEnd.Harness;

namespace Gateway.EndToEnd.Status;

/// <summary><c>gateway status</c> and <c>gateway top</c>.</summary>
public sealed class CommandTests(SharedGateway shared) : IClassFixture<SharedGateway>
{
    [Fact]
    public async Task StatusShowsWhatIsServedWhatIsDownAndWhatFailed()
    {
        var watched = shared.Watched;

        var shown = await RunningProgram.RunAsync(Repository.Gateway, ["status", "--config", watched.Config], watched.Folder, watched.Environment);

        Assert.True(shown.ExitCode == 0, shown.ToString());
        Assert.Matches(@"^gateway \S+ \(run\): ready, running for ", shown.Output);
        Assert.Matches(@"/api/\* -> voice .* 12 +0 ", shown.Output);
        Assert.Matches(@"127\.0\.0\.1 +video +/ws/video ", shown.Output);
        Assert.Matches(@"down +http://127\.0\.0\.1:\d+ +DOWN +1 refused", shown.Output);
        Assert.Contains("refused the connection: nothing listens there", shown.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", shown.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task JsonIsForScripts()
    {
        var watched = shared.Watched;

        var shown = await RunningProgram.RunAsync(Repository.Gateway, ["status", "--json", "--config", watched.Config], watched.Folder, watched.Environment);

        var status = JsonNode.Parse(shown.Output)!;
        Assert.True(status["isReady"]!.GetValue<bool>());
        var call = Assert.Single(status["calls"]!.AsArray())!;
        Assert.Equal(5, call["messagesFromClient"]!.GetValue<int>());
        Assert.Equal(watched.Config, status["configuration"]!["file"]!.GetValue<string>());
    }

    [Fact]
    public async Task TopShowsItAgainAndAgainUntilItIsInterrupted()
    {
        var watched = shared.Watched;
        await using var top = RunningProgram.Start("setsid", ["--wait", Repository.Gateway, "top", "--config", watched.Config], watched.Folder, watched.Environment);

        await top.WaitForLineAsync(_ => top.All.Lines.Count(line => line.StartsWith("Routes", StringComparison.Ordinal)) == 2, "a second round");
        foreach (var id in top.Family.Members())
        {
            ProcessFamily.Send(id, 2);
        }

        Assert.Equal(0, (await top.WaitForExitAsync()).ExitCode);
    }

    [Fact]
    public async Task WithoutAGatewayTheySayHowToFindOne()
    {
        using var folder = new TestFolder();
        var environment = new Dictionary<string, string?> { ["GATEWAY_Gateway__Admin"] = $"127.0.0.1:{Ports.Free()}" };

        foreach (var verb in new[] { "status", "top" })
        {
            var shown = await RunningProgram.RunAsync(Repository.Gateway, [verb], folder, environment);
            Assert.Equal(1, shown.ExitCode);
            Assert.StartsWith($"No gateway answers at {environment["GATEWAY_Gateway__Admin"]}. Is it running", shown.Error, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task ARejectedFileIsShownWithItsErrorsAndAMendedOneEndsThat()
    {
        var watched = shared.Watched;
        var valid = await File.ReadAllTextAsync(watched.Config, TestContext.Current.CancellationToken);
        using var client = new HttpClient { BaseAddress = watched.Admin };
        async Task<JsonNode> ReadAsync() => JsonNode.Parse(await client.GetStringAsync("/status.json"))!;

        await File.WriteAllTextAsync(watched.Config, valid.Replace("\"Routes\"", "\"Rutes\"", StringComparison.Ordinal), TestContext.Current.CancellationToken);
        var rejected = await WatchedGateway.UntilAsync(ReadAsync, status => status["configuration"]!["rejectedAt"] is not null);
        Assert.Contains("did you mean 'Routes'?", rejected["configuration"]!["errors"]!.ToJsonString().Replace("\\u0027", "'", StringComparison.Ordinal), StringComparison.Ordinal);

        await File.WriteAllTextAsync(watched.Config, valid + "\n", TestContext.Current.CancellationToken);
        var mended = await WatchedGateway.UntilAsync(ReadAsync, status => status["configuration"]!["rejectedAt"] is null);
        Assert.Null(mended["configuration"]!["rejectedAt"]);
    }
}
