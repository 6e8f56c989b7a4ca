using System.Text.Json;
using System.Text.RegularExpressions;
using Gateway.Cli;
using Gateway.Tests.Certificates;

namespace Gateway.Tests.Cli;

public sealed class ExplainCommandTests : IDisposable
{
    private readonly TestFolder _folder = new();

    private string Config => _folder["gateway.json"];

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task SaysFirstWhereTheRequestGoesAndThenByWhichLines()
    {
        Write("""
            {
              "Kestrel": { "Endpoints": { "https": { "Url": "https://*:443" } } },
              "ReverseProxy": {
                "Routes": {
                  "voice": {
                    "ClusterId": "voice", "Match": { "Path": "/api/{**rest}" },
                    "Transforms": [ { "RequestHeader": "X-New", "Set": "1" } ] }
                },
                "Clusters": { "voice": { "Destinations": { "one": { "Address": "http://127.0.0.1:5001" } } } }
              }
            }
            """);

        var (exitCode, lines) = await ExplainAsync("https://chat.example.com/api/a%20b?key=1", "-H", "X-Real-IP: 1.2.3.4");

        Assert.Equal(0, exitCode);
        Assert.Equal("GET https://chat.example.com/api/a%20b?key=1 from 127.0.0.1", lines[0]);
        Assert.Equal("  ->  goes to the service 'voice' (http://127.0.0.1:5001), by the route 'voice'", lines[1]);
        Assert.Matches("^  https +https://\\*:443 +.*gateway.json\\(2,", Line(lines, "https "));
        Assert.Matches("/api/\\{\\*\\*rest\\} +.*gateway.json\\(5,", lines[Array.IndexOf(lines, "Route") + 1]);
        Assert.Matches("X-New +added: 1 +.*gateway.json\\(7,", Line(lines, "X-New "));
        Assert.Matches("X-Real-IP +replaced: 127.0.0.1 \\(was 1.2.3.4\\) +default", Line(lines, "X-Real-IP"));
        Assert.Matches("GET /api/a%20b\\?key=1 +as it came", Line(lines, "Request line"));
        Assert.Matches("MaxRequestBodySize +104857600 bytes \\(100 MiB\\), then 413 +default", Line(lines, "MaxRequestBodySize"));
    }

    [Theory]
    [InlineData("https://other.example/x", "REFUSED  421: the host is none of those that are served", "AllowedHosts: .*\\(3,")]
    [InlineData("https://chat.example.com/nowhere", "REFUSED  404: no route takes it", "ReverseProxy:Routes")]
    [InlineData("https://chat.example.com/up", "REFUSED  405: a route takes the path, but for other methods", "The route 'up' would take it, but for its Methods \\(POST, PUT\\): .*\\(7,")]
    [InlineData("https://chat.example.com/beta", "REFUSED  404: no route takes it", "The route 'beta' would take it, but for its Headers \\(X-Beta\\): .*\\(9,")]
    [InlineData("https://chat.example.com/staff", "REFUSED  403: the address is not allowed", "Gateway:Access:office: .*\\(14,")]
    [InlineData("https://chat.example.com/a%2fb", "REFUSED  400: The path holds an encoded slash", null)]
    [InlineData("https://chat.example.com:8443/", "REFUSED  Nothing listens on port 8443", null)]
    [InlineData("http://chat.example.com:443/", "REFUSED  The endpoint https .* speaks HTTPS", null)]
    [InlineData("https://chat.example.com/up -X POST -H Content-Length:2000", "REFUSED  413: the body is larger than the limit", "ReverseProxy:Routes:up:MaxRequestBodySize: .*\\(7,")]
    [InlineData("wss://chat.example.com/staff --from 10.0.0.1 -H Origin:https://evil.example", "REFUSED  403: WebSockets are not open to pages of this origin", "Gateway:WebSockets:AllowedOrigins: default")]
    public async Task ARefusalBeginsWithItsReasonAndThePlaceOfTheRule(string arguments, string reason, string? place)
    {
        Write("""
            {
              "Kestrel": { "Endpoints": { "https": { "Url": "https://*:443" } } },
              "AllowedHosts": "chat.example.com",
              "ReverseProxy": {
                "Routes": {
                  "up": { "ClusterId": "c", "MaxRequestBodySize": 1000,
                    "Match": { "Path": "/up", "Methods": [ "POST", "PUT" ] }, "MaxRequestBodySize": 1000 },
                  "beta": { "ClusterId": "c",
                    "Match": { "Path": "/beta", "Headers": [ { "Name": "X-Beta", "Mode": "Exists" } ] } },
                  "staff": { "ClusterId": "c", "AuthorizationPolicy": "office", "Metadata": { "WebSockets": true }, "Match": { "Path": "/staff" } }
                },
                "Clusters": { "c": { "Destinations": { "one": { "Address": "http://127.0.0.1:5001" } } } }
              },
              "Gateway": { "Access": { "office": { "Allow": [ "10.0.0.0/8" ] } } }
            }
            """.Replace("\"MaxRequestBodySize\": 1000,\n", "\n", StringComparison.Ordinal));

        var (exitCode, lines) = await ExplainAsync(arguments.Split(' '));

        Assert.Equal(1, exitCode);
        Assert.Matches("^" + reason, lines[1]);
        if (place is not null)
        {
            Assert.Matches("^ +" + place, lines[2]);
        }
    }

    [Fact]
    public async Task NamesTheVariableThatOverridesTheFile()
    {
        Write("""{ "Kestrel": { "Endpoints": { "https": { "Url": "https://*:443" } } } }""");
        Environment.SetEnvironmentVariable("GATEWAY_GATEWAY__LIMITS__MAXREQUESTHEADERCOUNT", "77");
        try
        {
            var (_, lines) = await ExplainAsync("https://localhost/");

            Assert.Matches("MaxRequestHeaderCount +77, then 431 +environment variable GATEWAY_GATEWAY__LIMITS__MAXREQUESTHEADERCOUNT", Line(lines, "MaxRequestHeaderCount"));
        }
        finally
        {
            Environment.SetEnvironmentVariable("GATEWAY_GATEWAY__LIMITS__MAXREQUESTHEADERCOUNT", null);
        }
    }

    [Fact]
    public async Task ShowsEveryLimitThatTheSchemaKnows()
    {
        Write("""{ "Kestrel": { "Endpoints": { "https": { "Url": "https://*:443" } } } }""");

        var (_, lines) = await ExplainAsync("https://localhost/");

        var schema = JsonDocument.Parse(await File.ReadAllTextAsync(Path.Combine(ArchitectureTests.RepositoryRoot(), "gateway.schema.json"), TestContext.Current.CancellationToken));
        var limits = schema.RootElement.GetProperty("definitions").GetProperty("gateway").GetProperty("properties").GetProperty("Limits").GetProperty("properties");
        Assert.All(limits.EnumerateObject(), limit => Assert.Contains(lines, line => Regex.IsMatch(line, $"^  {limit.Name} ")));
    }

    [Fact]
    public async Task WritesJsonForPrograms()
    {
        Write("""{ "Kestrel": { "Endpoints": { "https": { "Url": "https://*:443" } } } }""");

        var (exitCode, lines) = await ExplainAsync("https://localhost/", "--json");

        using var json = JsonDocument.Parse(string.Join('\n', lines));
        Assert.Equal(1, exitCode);
        Assert.Equal(404, json.RootElement.GetProperty("status").GetInt32());
        Assert.True(json.RootElement.GetProperty("isRefused").GetBoolean());
        Assert.Equal("Endpoint", json.RootElement.GetProperty("sections")[0].GetProperty("title").GetString());
    }

    [Theory]
    [InlineData("ftp://a/")]
    [InlineData("https://a/", "-X", "G T")]
    [InlineData("https://a/", "-H", "no header")]
    [InlineData("https://a:99999/")]
    [InlineData("https://a/", "--from", "here")]
    public async Task WhatIsNoRequestIsWrongUsage(params string[] arguments)
    {
        Write("{}");

        Assert.Equal(2, (await ExplainAsync(arguments)).ExitCode);
    }

    [Fact]
    public async Task WritesNothingIntoTheStateDirectory()
    {
        Write($$"""
            { "Kestrel": { "Endpoints": { "https": { "Url": "https://*:443" } } }, "Gateway": { "StateDirectory": "{{_folder["state"]}}" },
              "ReverseProxy": { "Routes": { "r": { "ClusterId": "c", "Match": { "Path": "/{**rest}" } } },
                "Clusters": { "c": { "SessionAffinity": { "Enabled": true, "Policy": "Cookie", "AffinityKeyName": "k" }, "Destinations": { "one": { "Address": "http://127.0.0.1:5001" } } } } },
              "Serilog": { "WriteTo": [ { "Name": "File", "Args": { "path": "{{_folder["log.txt"]}}" } } ] } }
            """);

        var (exitCode, _) = await ExplainAsync("https://localhost/");

        Assert.Equal(0, exitCode);
        Assert.Equal([Config], Directory.GetFileSystemEntries(_folder.Path));
    }

    private void Write(string json) => _folder.Write("gateway.json", json);

    private static string Line(string[] lines, string name) => Assert.Single(lines, line => line.StartsWith("  " + name, StringComparison.Ordinal));

    private async Task<(int ExitCode, string[] Lines)> ExplainAsync(params string[] arguments)
    {
        using var output = new StringWriter();
        using var error = new StringWriter();
        var exitCode = await GatewayCommand.RunAsync(["explain", .. arguments, "--config", Config], output, error);
        return (exitCode, output.ToString().Split('\n'));
    }
}
