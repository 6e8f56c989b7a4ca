using Gateway.Certificates.Automatic;

namespace Gateway.Tests.Certificates.Automatic;

public sealed class HookCommandTests
{
    private static readonly Dictionary<string, string> Nothing = [];

    [Theory]
    [InlineData("/bin/hook", new[] { "/bin/hook" })]
    [InlineData("  /bin/hook  --zone  example.com ", new[] { "/bin/hook", "--zone", "example.com" })]
    [InlineData("'/opt/my hooks/dns' \"two words\" ''", new[] { "/opt/my hooks/dns", "two words", "" })]
    [InlineData(@"C:\hooks\dns.exe a", new[] { @"C:\hooks\dns.exe", "a" })]
    [InlineData("/bin/hook a\"b c\"d", new[] { "/bin/hook", "ab cd" })]
    public void SplitsAtSpacesOutsideOfQuotes(string commandLine, string[] words) => Assert.Equal(words, HookCommand.Split(commandLine));

    [Fact]
    public void SeesBeforehandWhatCannotStart()
    {
        Assert.Null(HookCommand.Obstacle("/bin/sh -c true"));
        Assert.Null(HookCommand.Obstacle("found-by-path argument"));
        Assert.Equal("there is no file /no/such/program", HookCommand.Obstacle("/no/such/program present"));
        Assert.Equal("/etc/passwd is not executable: chmod +x /etc/passwd", HookCommand.Obstacle("/etc/passwd"));
    }

    [Fact]
    public Task NoShellSeesTheArguments() => RunAsync("/bin/sh -c 'test \"$1\" = \"; exit 1\"' sh", "; exit 1");

    [Fact]
    public async Task TellsTheExitCodeAndWhatWasSaid()
    {
        var error = await Assert.ThrowsAsync<HookException>(() => RunAsync("/bin/sh -c 'echo no such zone >&2; exit 7'"));
        Assert.Contains("ended with exit code 7 and said: no such zone", error.Message);
    }

    [Fact]
    public async Task TellsThatThereIsNoSuchProgram()
    {
        var error = await Assert.ThrowsAsync<HookException>(() => RunAsync("/no/such/program"));
        Assert.StartsWith("'/no/such/program' does not start: ", error.Message);
    }

    [Fact]
    public async Task EndsAProgramThatTakesTooLongWithItsChildren()
    {
        using var folder = new TestFolder();
        var command = new HookCommand($"/bin/sh -c 'sleep 60 & echo $! > {folder["child"]}; wait'", TimeSpan.FromSeconds(1), TimeProvider.System);
        var error = await Assert.ThrowsAsync<HookException>(() => command.RunAsync([], Nothing, TestContext.Current.CancellationToken));
        Assert.Contains("did not end within 1 s", error.Message);
        var child = File.ReadAllText(folder["child"]).Trim();
        await GoneAsync(child).WaitAsync(TimeSpan.FromSeconds(20), TestContext.Current.CancellationToken);
    }

    [Fact]
    public Task AChildInTheBackgroundThatHoldsTheOutputDoesNotHoldTheGateway() =>
        new HookCommand("/bin/sh -c 'sleep 3 & exit 0'", TimeSpan.FromSeconds(1), TimeProvider.System).RunAsync([], Nothing, TestContext.Current.CancellationToken);

    [Fact]
    public Task AMegabyteOfOutputDoesNotBlockIt() => RunAsync("/bin/sh -c 'head -c 1000000 /dev/zero'");

    // It was killed a moment ago, and nothing tells when the system has done so.
    private static async Task GoneAsync(string process)
    {
        try
        {
            while (!File.ReadAllText($"/proc/{process}/stat").Contains(") Z "))
            {
                await Task.Delay(20, TestContext.Current.CancellationToken);
            }
        }
        catch (IOException)
        {
            // There is no such file any more.
        }
    }

    private static Task RunAsync(string commandLine, params string[] arguments) =>
        new HookCommand(commandLine, TimeSpan.FromMinutes(1), TimeProvider.System).RunAsync(arguments, Nothing, TestContext.Current.CancellationToken);
}
