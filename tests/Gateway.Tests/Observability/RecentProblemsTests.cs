using Gateway.Observability;
using Serilog;

namespace Gateway.Tests.Observability;

public sealed class RecentProblemsTests
{
    private readonly RecentProblems _problems = new();

    [Fact]
    public void KeepsTheLastWarningsAndErrorsTheLastOneFirst()
    {
        using var log = new LoggerConfiguration().WriteTo.Sink(_problems).CreateLogger();
        log.Information("nothing");
        for (var i = 1; i <= 60; i++)
        {
            log.Warning("warning {Number}", i);
        }

        log.Error(new InvalidOperationException("the cause"), "it failed");

        Assert.Equal(50, _problems.All.Count);
        Assert.Equal("it failed: the cause", _problems.All[0].Text);
        Assert.True(_problems.All[0].IsError);
        Assert.Equal("warning 60", _problems.All[1].Text);
    }

    [Fact]
    public void AServiceThatFailsAgainIsTheSameProblemWithItsParts()
    {
        using var log = new LoggerConfiguration().WriteTo.Sink(_problems).CreateLogger();
        log.Warning(
            "The service {Service} {Reason}: answered {StatusCode} to {Method} {Path} ({RequestId})",
            "'web' (http://127.0.0.1:3000)", "refused the connection: nothing listens there", 502, "GET", "/page", "W");
        log.Warning("something else");
        log.Warning(
            "The service {Service} {Reason}: answered {StatusCode} to {Method} {Path} ({RequestId})",
            "'web' (http://127.0.0.1:3000)", "refused the connection: nothing listens there", 502, "GET", "/", "X");

        Assert.Equal(2, _problems.All.Count);
        var problem = _problems.All[0];
        Assert.Equal(2, problem.Times);
        Assert.Equal("The service 'web' (http://127.0.0.1:3000) refused the connection: nothing listens there: answered 502 to GET / (X)", problem.Text);
        Assert.Equal(new ProblemOfService("'web' (http://127.0.0.1:3000)", "refused the connection: nothing listens there", "502", "GET", "/"), problem.Service);
    }
}
