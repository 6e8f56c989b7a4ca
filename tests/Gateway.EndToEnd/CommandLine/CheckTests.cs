using Gateway.EndToEnd.Harness;

namespace Gateway.EndToEnd.CommandLine;

public sealed class CheckTests : IDisposable
{
    private const int Failure = 1;
    private const int WrongUsage = 2;

    private readonly TestFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task TheSampleIsValidAndIsSummarized()
    {
        var result = await GatewayAsync("check", "--config", Path.Combine(Repository.Root, "gateway.json"));

        Assert.True(result.ExitCode == 0, result.ToString());
        Assert.Contains("gateway.json: valid", result.Output, StringComparison.Ordinal);
        Assert.Matches(@"https +https://\*:443", result.Output);
        Assert.Matches(@"/api/\* +-> http://127\.0\.0\.1:5001", result.Output);
        Assert.Matches(@"/ws/\* +-> http://127\.0\.0\.1:5003", result.Output);
        Assert.Matches(@"everything else +-> http://127\.0\.0\.1:3000", result.Output);
        Assert.Empty(result.Error);
    }

    [Fact]
    public async Task EveryErrorIsReportedAtOnceWithItsPlaceValueRuleAndRemedy()
    {
        await GatewayAsync("cert", "create", "--out", "mine");
        await GatewayAsync("cert", "create", "--out", "other");
        _folder.Write("bad.json", EveryMistake);

        var result = await GatewayAsync("check", "--config", "bad.json");

        Assert.Equal(Failure, result.ExitCode);
        Assert.Empty(result.Output);
        Assert.Collection(
            result.Error.Split('\n').Order(StringComparer.Ordinal),
            line => Assert.Equal("bad.json is not valid: 10 errors.", line),
            // The file, the line, the path; then the value, the rule, the remedy.
            line => Mistake(line, "bad.json(11,", "Gateway:Certificates:0:", "'mine/server.crt'", "without key", "KeyPath"),
            line => Mistake(line, "bad.json(12,", "Gateway:Certificates:1:", "'other/server.key'", "does not belong to the certificate", "name the key"),
            line => Mistake(line, "bad.json(13,", "Gateway:Certificates:2:", "'nowhere.crt'", "there is no such file", "correct the path"),
            line => Mistake(line, "bad.json(18,", "ReverseProxy:Routes:voice:ClusterId:", "'voise'", "no such cluster", "did you mean 'voice'?"),
            line => Mistake(line, "bad.json(20,", "ReverseProxy:Routes:two:", "same requests as route 'one'", "change its Match"),
            line => Mistake(line, "bad.json(23,", "ReverseProxy:Clusters:voice:Destinatons:", "unknown key", "did you mean 'Destinations'?"),
            line => Mistake(line, "bad.json(24,", "ReverseProxy:Clusters:empty:Destinations:", "no destination", "add one"),
            line => Mistake(line, "bad.json(25,", "ReverseProxy:Clusters:video:Destinations:one:Address:", "'127.0.0.1:5003'", "absolute http or https URL", "did you mean 'http://127.0.0.1:5003'?"),
            line => Mistake(line, "bad.json(5,", "Kestrel:Endpoints:again:Url:", "port 8443 is used by endpoint 'https' as well", "give one of the two another port"),
            line => Mistake(line, "bad.json(9,", "Gateway:HttpsRedirect:", "'perhaps'", "true or false"));
    }

    private const string EveryMistake = """
        {
          "Kestrel": {
            "Endpoints": {
              "https": { "Url": "https://localhost:8443" },
              "again": { "Url": "https://localhost:8443" }
            }
          },
          "Gateway": {
            "HttpsRedirect": "perhaps",
            "Certificates": [
              { "Path": "mine/server.crt" },
              { "Path": "mine/server.crt", "KeyPath": "other/server.key" },
              { "Path": "nowhere.crt", "KeyPath": "mine/server.key" }
            ]
          },
          "ReverseProxy": {
            "Routes": {
              "voice": { "ClusterId": "voise", "Match": { "Path": "/api/{**rest}" } },
              "one": { "ClusterId": "empty", "Match": { "Path": "/{**rest}" } },
              "two": { "ClusterId": "video", "Match": { "Path": "/{**other}" } }
            },
            "Clusters": {
              "voice": { "Destinatons": { "one": { "Address": "http://127.0.0.1:5001" } } },
              "empty": { "Destinations": {} },
              "video": { "Destinations": { "one": { "Address": "127.0.0.1:5003" } } }
            }
          }
        }
        """;

    [Fact]
    public async Task RunRefusesWhatCheckRefusesInTheSameWords()
    {
        _folder.Write("bad.json", """{ "ReverseProxy": { "Clusters": { "a": { "Destinatons": {} } } } }""");

        var (run, check) = (await GatewayAsync("run", "--config", "bad.json"), await GatewayAsync("check", "--config", "bad.json"));

        Assert.Equal(Failure, run.ExitCode);
        Assert.Equal(check.Error, run.Error);
        Assert.Contains("did you mean 'Destinations'?", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ACertificateThatTheUserMayNotReadNamesTheUserAndTheOwner()
    {
        await GatewayAsync("cert", "create", "--out", "certs");
        _folder.Write("gateway.json", new GatewayJson().Https().To("http://127.0.0.1:3000").ToString());
        var certificate = new Dictionary<string, string?>
        {
            ["SSL_CERT_PATH"] = _folder["certs/server.crt"],
            ["SSL_KEY_PATH"] = _folder["certs/server.key"],
        };

        var result = await OrdinaryUser.RunGatewayAsync(_folder, certificate, "check");

        Assert.Equal(Failure, result.ExitCode);
        Assert.Contains("runs as user 'nobody'", result.Error, StringComparison.Ordinal);
        Assert.Contains($"{_folder["certs/server.key"]} belongs to root:root and has mode 0600", result.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task BrokenJsonNamesTheLine()
    {
        _folder.Write("broken.json", "{\n  \"Kestrel\": {,\n}");

        var result = await GatewayAsync("check", "--config", "broken.json");

        Assert.Equal(Failure, result.ExitCode);
        Assert.Contains("broken.json(2,", result.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task AMissingFileNamesTheFolderAndTheOption()
    {
        var result = await GatewayAsync("check");

        Assert.Equal(Failure, result.ExitCode);
        Assert.Contains($"there is no such file in {_folder.Path}", result.Error, StringComparison.Ordinal);
        Assert.Contains("--config", result.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData]
    [InlineData("chek")]
    [InlineData("run", "--confg", "gateway.json")]
    [InlineData("check", "gateway.json")]
    [InlineData("dev", "--lna")]
    [InlineData("dev", "--port", "8443")]
    [InlineData("cert")]
    [InlineData("cert", "create", "--days", "many")]
    [InlineData("cert", "create", "--domain", "not a name")]
    public async Task WrongUsageEndsWith2AndPointsToTheHelp(params string[] arguments)
    {
        var result = await GatewayAsync(arguments);

        Assert.Equal(WrongUsage, result.ExitCode);
        Assert.Contains("--help", result.Error, StringComparison.Ordinal);
        Assert.Empty(result.Output);
    }

    [Theory]
    [InlineData("run", "--config")]
    [InlineData("dev", "--lan")]
    [InlineData("check", "--config")]
    [InlineData("doctor", "--fix")]
    [InlineData("cert", "trust")]
    public async Task EveryVerbHasHelp(string verb, string mentions)
    {
        var result = await GatewayAsync(verb, "--help");

        Assert.Equal(0, result.ExitCode);
        Assert.Contains(mentions, result.Output, StringComparison.Ordinal);
    }

    private Task<ProgramResult> GatewayAsync(params string[] arguments) =>
        RunningProgram.RunAsync(Repository.Gateway, arguments, _folder);

    private static void Mistake(string line, params string[] parts) =>
        Assert.All(parts, part => Assert.Contains(part, line, StringComparison.Ordinal));
}
