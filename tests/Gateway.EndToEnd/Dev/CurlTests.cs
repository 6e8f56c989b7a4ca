using System.Text.Json;
using Gateway.EndToEnd.Harness;

namespace Gateway.EndToEnd.Dev;

/// <summary>What curl sees, which checks the certificate (there is no <c>-k</c> here).</summary>
[Collection(DevPorts.Collection)]
public sealed class CurlTests(DevGateway dev) : IClassFixture<DevGateway>
{
    [Theory]
    [InlineData("--http1.1", "1.1", "https://localhost:5443/")]
    [InlineData("--http2", "2", "https://localhost:5443/")]
    [InlineData("--http2", "2", "https://127.0.0.1:5443/")]
    [InlineData("--http2", "2", "https://[::1]:5443/")]
    [InlineData("--http2", "2", "https://localhost:5444/")]
    public async Task ThePageComesOverTrustedHttps(string protocol, string version, string address)
    {
        var result = await CurlAsync(protocol, "--write-out", "\n%{http_version} %{http_code}", address);

        Assert.True(result.ExitCode == 0, result.ToString());
        Assert.Contains("call-start", result.Output, StringComparison.Ordinal);
        Assert.EndsWith($"\n{version} 200", result.Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--tlsv1.2", "--tls-max", "1.2")]
    [InlineData("--tlsv1.3", "--tls-max", "1.3")]
    public async Task Tls12And13AreSpoken(params string[] options)
    {
        var result = await CurlAsync([.. options, "https://localhost:5443/"]);

        Assert.True(result.ExitCode == 0, result.ToString());
    }

    [Fact]
    public async Task WithoutTheAuthorityTheCertificateIsRefused()
    {
        var result = await RunningProgram.RunAsync(Require.Tool("curl"), ["--silent", "https://localhost:5443/"]);

        // "SSL peer certificate or SSH remote key was not OK".
        Assert.Equal(60, result.ExitCode);
    }

    [Theory]
    [InlineData("GET")]
    [InlineData("POST")]
    public async Task PlainHttpIsSentToTheSameAddressOnHttps(string method)
    {
        var result = await CurlAsync(
            "--request", method, "--write-out", "\n%{http_code} %{redirect_url}", "http://localhost:5080/api/voices?x=1&y=%E4%BD%A0");

        Assert.EndsWith("\n308 https://localhost:5443/api/voices?x=1&y=%E4%BD%A0", result.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task AFollowedRedirectDeliversThePost()
    {
        var result = await CurlAsync("--location", "--data", """{"text":""}""", "--header", "Content-Type: application/json",
            "--write-out", "\n%{http_code}", "http://localhost:5080/api/text-to-speech");

        // The service's own refusal of an empty text: the body arrived.
        Assert.EndsWith("\n400", result.Output, StringComparison.Ordinal);
        Assert.NotNull(JsonDocument.Parse(result.Output.Split('\n')[0]).RootElement.GetProperty("error").GetString());
    }

    [Theory]
    [InlineData("voice", "https://localhost:5443/api/voices")]
    [InlineData("web", "https://localhost:5444/app.js")]
    public async Task EveryRouteReachesItsService(string route, string address)
    {
        var before = dev.Gateway.Program.All.Count;

        var result = await CurlAsync("--fail", address);

        Assert.True(result.ExitCode == 0, result.ToString());
        await dev.Gateway.Program.WaitForLineAsync(
            line => line.Contains($" {route} http://127.0.0.1:", StringComparison.Ordinal), $"an access record of the route {route}", before);
    }

    private Task<ProgramResult> CurlAsync(params string[] arguments) => RunningProgram.RunAsync(
        Require.Tool("curl"), ["--silent", "--show-error", "--cacert", dev.Gateway.CaPath, .. arguments]);
}
