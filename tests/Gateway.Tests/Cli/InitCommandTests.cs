using System.CommandLine;
using Gateway.Cli;
using Gateway.Configuration;
using Gateway.Tests.Certificates;

namespace Gateway.Tests.Cli;

public sealed class InitCommandTests : IDisposable
{
    private readonly TestFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    private string Path => _folder["gateway.json"];

    /// <param name="typed">What a person types, a line each; null where nobody is there.</param>
    private (int ExitCode, string Output, string Error) Run(string? typed, params string[] arguments)
    {
        using var output = new StringWriter();
        using var error = new StringWriter();
        var exitCode = InitCommand.Create(() => typed is null ? null : new StringReader(typed)).Parse([.. arguments, "--out", Path])
            .Invoke(new InvocationConfiguration { Output = output, Error = error });
        return (exitCode, output.ToString(), error.ToString());
    }

    private GatewayConfiguration Read()
    {
        var (configuration, errors) = ConfigurationReader.Read(Path, new Dictionary<string, string>());
        Assert.Empty(errors);
        return configuration;
    }

    [Fact]
    public void WritesAValidFileFromOptions()
    {
        var (exitCode, output, error) = Run(null, "--domain", "chat.example.com", "--email", "me@example.com",
            "--route", "/api/=http://127.0.0.1:5001", "--websocket", "/ws/=ws://127.0.0.1:5003", "--route", "/=http://127.0.0.1:3000/");

        Assert.Equal((0, ""), (exitCode, error));
        Assert.Contains("valid, with 3 routes", output, StringComparison.Ordinal);
        var configuration = Read();
        Assert.Equal(["chat.example.com"], configuration.AllowedHosts);
        Assert.Equal(["chat.example.com"], configuration.Acme!.DomainNames);
        Assert.Equal("me@example.com", configuration.Acme.EmailAddress);
        Assert.Equal(["api /api/{**rest}", "web /{**rest}", "ws /ws/{**rest}"], configuration.Routes.Select(r => $"{r.RouteId} {r.Match.Path}").Order());
        Assert.Equal(["ws"], configuration.Routes.Where(RouteMetadata.AllowsWebSockets).Select(r => r.RouteId));
        Assert.Equal("http://127.0.0.1:5003", configuration.Clusters.Single(c => c.ClusterId == "ws").Destinations!["one"].Address);
    }

    [Fact]
    public void AsksForWhatIsMissingAndAgainForWhatIsWrong()
    {
        var (exitCode, output, error) = Run("""
            https://chat.example.com
            chat.example.com www.chat.example.com
            nobody
            me@example.com

            api=5001
            /api/=http://127.0.0.1:5001
            n
            /api=http://127.0.0.1:5002
            /=http://127.0.0.1:3000
            maybe
            y


            """);

        Assert.Equal((0, ""), (exitCode, error));
        Assert.Contains("'https://chat.example.com': must be a domain name without scheme", output, StringComparison.Ordinal);
        Assert.Contains("'nobody': must be an address such as you@example.com", output, StringComparison.Ordinal);
        Assert.Contains("at least one service is needed", output, StringComparison.Ordinal);
        Assert.Contains("must begin with a slash", output, StringComparison.Ordinal);
        Assert.Contains("two routes have this path", output, StringComparison.Ordinal);
        Assert.Contains("answer y or n", output, StringComparison.Ordinal);
        var configuration = Read();
        Assert.Equal(["chat.example.com", "www.chat.example.com"], configuration.AllowedHosts);
        Assert.Equal(["web"], configuration.Routes.Where(RouteMetadata.AllowsWebSockets).Select(r => r.RouteId));
    }

    [Fact]
    public void WithoutAPublicNameTheFileSaysHowToGiveOne()
    {
        Assert.Equal(0, Run(null, "--route", "/=http://127.0.0.1:3000").ExitCode);

        Assert.Null(Read().Acme);
        Assert.Contains("\"LettuceEncrypt\"", File.ReadAllText(Path), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--domain", "localhost", "must be a name that the public finds in DNS")]
    [InlineData("--domain", "*.example.com", "wildcard")]
    [InlineData("--domain", "example", "must be a domain name")]
    [InlineData("--email", "me@", "must be an address")]
    [InlineData("--route", "/api", "must be a path and the address of its service")]
    [InlineData("--route", "/{x}=http://a", "must begin with a slash and hold letters")]
    [InlineData("--route", "/a=ftp://a", "must be http:// or https://")]
    [InlineData("--websocket", "/=http://a/path", "must be http:// or https:// with a host and perhaps a port")]
    public void AWrongOptionIsExplainedAndNothingWritten(string option, string value, string problem)
    {
        var (exitCode, _, error) = Run("y\n", option, value);

        Assert.Equal(2, exitCode);
        Assert.StartsWith(option + " '", error, StringComparison.Ordinal);
        Assert.Contains(problem, error, StringComparison.Ordinal);
        Assert.False(File.Exists(Path));
    }

    [Theory]
    [InlineData(null, 2)]
    [InlineData("", 1)]
    [InlineData("chat.example.com\n", 1)]
    public void WithoutAnswersNothingIsWritten(string? typed, int exitCode)
    {
        Assert.Equal(exitCode, Run(typed).ExitCode);
        Assert.False(File.Exists(Path));
    }

    [Theory]
    [InlineData(null, false, false)]
    [InlineData("n\n", false, false)]
    [InlineData("y\n", false, true)]
    [InlineData(null, true, true)]
    public void AFileThatIsThereIsOverwrittenOnlyWhenSomebodySaysSo(string? typed, bool yes, bool overwritten)
    {
        File.WriteAllText(Path, "mine");

        var (exitCode, _, error) = Run(typed, ["--route", "/=http://127.0.0.1:3000", .. yes ? new[] { "--yes" } : []]);

        Assert.Equal(overwritten ? 0 : 1, exitCode);
        Assert.Equal(overwritten, File.ReadAllText(Path) != "mine");
        Assert.Equal(overwritten, !error.Contains("left as it was", StringComparison.Ordinal) && !error.Contains("was left as it is", StringComparison.Ordinal));
    }
}
