using Gateway.Cli;
using Gateway.Doctor;

namespace Gateway.Tests.Doctor;

public sealed class DoctorCommandTests
{
    private static readonly Finding Broken = new(Severity.Error, "it is broken\u001b[2J", "nobody is served", "mend it", "mend --all") { Repair = () => "mended" };

    [Theory]
    [InlineData("https://192.168.1.20:5443/chat", "192.168.1.20", 5443)]
    [InlineData("https://chat.example.com", "chat.example.com", 443)]
    [InlineData("chat.example.com", "chat.example.com", 0)]
    [InlineData("chat.example.com:8443", "chat.example.com", 8443)]
    [InlineData("192.168.1.20", "192.168.1.20", 0)]
    [InlineData("::1", "::1", 0)]
    [InlineData("https://[::1]:5443", "::1", 5443)]
    public void WhatIsAskedIsANameAndPerhapsAPort(string text, string host, int port)
    {
        var asked = DoctorCommand.ParseAsked(text)!;

        Assert.Equal((host, port), (asked.Host, asked.Port));
    }

    [Theory]
    [InlineData("doctor", "ftp://x")]
    [InlineData("doctor", "--websocket", "ws/video")]
    [InlineData("doctor", "--print", "nginx.service")]
    public async Task WrongUsageIsSaid(params string[] arguments)
    {
        using var error = new StringWriter();

        Assert.Equal(2, await GatewayCommand.RunAsync(arguments, TextWriter.Null, error));
        Assert.Contains("See 'gateway doctor --help'.", error.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task TheUnitOfThisVersionIsPrinted()
    {
        using var output = new StringWriter();

        Assert.Equal(0, await GatewayCommand.RunAsync(["doctor", "--print", "gateway.service"], output, TextWriter.Null));
        Assert.Equal(File.ReadAllText(Path.Combine(ArchitectureTests.RepositoryRoot(), "deploy", "gateway.service")), output.ToString());
    }

    [Fact]
    public void TheTextHasALineForWhatIsWellAndAParagraphForWhatIsNot()
    {
        using var patient = new Patient();
        using var output = new StringWriter();

        DoctorText.Write(
            DoctorReport.Of(patient.Examine(), [(new Fixed("one"), new CheckResult("all of it")), (new Fixed("second"), new CheckResult("", Broken)), (new Fixed("third"), CheckResult.NotApplicable("there is none"))], ["mended something"]),
            output);

        Assert.Contains("""
            ok       one     all of it
            ERROR    second  it is broken [2J
                     Why: nobody is served
                     Do:  mend it
                            mend --all
            -        third   there is none

            Fixed: mended something
            1 error. `--fix` mends 1 of them.
            """, output.ToString().ReplaceLineEndings(), StringComparison.Ordinal);
    }

    [Fact]
    public void TheJsonHasStableNames()
    {
        using var patient = new Patient();
        var report = DoctorReport.Of(patient.Examine(), [(new Fixed("second"), new CheckResult("", Broken with { Place = "a(1,2)", Write = "b", InsteadOf = "c" }))], []);

        var json = System.Text.Json.Nodes.JsonNode.Parse(report.ToJson())!;

        Assert.Equal(["version", "configuration", "mode", "processId", "user", "errors", "warnings", "unknown", "checks", "fixed"], json.AsObject().Select(p => p.Key));
        Assert.Equal(["check", "state", "summary", "findings"], json["checks"]![0]!.AsObject().Select(p => p.Key));
        Assert.Equal(
            ["severity", "what", "why", "remedy", "commands", "place", "write", "insteadOf", "canFix"], json["checks"]![0]!["findings"]![0]!.AsObject().Select(p => p.Key));
    }

    [Fact]
    public async Task ACheckThatFailsHidesNoOther()
    {
        using var patient = new Patient();

        var results = await new Checkup(patient.Examine()).RunAsync([new Failing(), new Fixed("one")], TestContext.Current.CancellationToken);

        Assert.Equal("failing could not be told: no such thing", Assert.Single(results[0].Result.Findings).What);
        Assert.Equal(Severity.Unknown, results[0].Result.Worst);
        Assert.Empty(results[1].Result.Findings);
    }

    private sealed class Fixed(string topic) : ICheck
    {
        public string Topic => topic;

        public Task<CheckResult> RunAsync(Examination examination, CancellationToken cancellationToken) => Task.FromResult(new CheckResult("fine"));
    }

    private sealed class Failing : ICheck
    {
        public string Topic => "failing";

        public Task<CheckResult> RunAsync(Examination examination, CancellationToken cancellationToken) => throw new InvalidDataException("no such thing");
    }
}
