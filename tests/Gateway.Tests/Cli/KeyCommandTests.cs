using System.CommandLine;
using System.Text.RegularExpressions;
using Gateway.Cli;
using Gateway.Configuration;

namespace Gateway.Tests.Cli;

public sealed class KeyCommandTests
{
    private static (int ExitCode, string Output, string Error) Run(string? password, params string[] arguments)
    {
        using var output = new StringWriter();
        using var error = new StringWriter();
        var parsed = KeyCommand.Create(_ => password).Parse(arguments);
        var exitCode = parsed.Errors.Count > 0 ? 2 : parsed.Invoke(new InvocationConfiguration { Output = output, Error = error });
        return (exitCode, output.ToString(), error.ToString() + string.Join('\n', parsed.Errors.Select(e => e.Message)));
    }

    [Fact]
    public void CreatesAKeyAndTheLineForTheFile()
    {
        var (exitCode, output, error) = Run(null, "create", "phone \"app\" 电话");

        Assert.Equal((0, ""), (exitCode, error));
        var key = Regex.Match(output, @"^ +(gwk_\S+)$", RegexOptions.Multiline).Groups[1].Value;
        Assert.Contains($$"""{ "Name": "phone \"app\" 电话", "Hash": "{{ApiKeyHash.Of(key)}}" }""", output, StringComparison.Ordinal);
    }

    [Fact]
    public void EveryKeyIsAnother() => Assert.NotEqual(Run(null, "create").Output, Run(null, "create").Output);

    [Fact]
    public void HashesAPasswordThatIsAskedFor()
    {
        var (exitCode, output, error) = Run("correct horse", "password", "alice");

        Assert.Equal((0, ""), (exitCode, error));
        Assert.DoesNotContain("correct horse", output, StringComparison.Ordinal);
        var hash = Regex.Match(output, "\"alice\": \"(.+)\"").Groups[1].Value;
        Assert.True(PasswordHash.TryParse(hash)!.Verifies("correct horse"));
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    public void WithoutAPasswordNothingIsMade(string? password)
    {
        var (exitCode, output, error) = Run(password, "password", "alice");

        Assert.Equal((1, ""), (exitCode, output));
        Assert.Contains("nothing was made", error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("password")]
    [InlineData("password", "alice", "correct horse")]
    [InlineData("password", "a:b")]
    [InlineData("password", "")]
    [InlineData("create", " ")]
    public void WrongUsageIsRefused(params string[] arguments) => Assert.Equal(2, Run("x", arguments).ExitCode);
}
