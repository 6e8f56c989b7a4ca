using System.Net;
using Gateway.Boundary.Limits;
using Gateway.Tests.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;

namespace Gateway.Tests.Boundary.Limits;

public sealed class LimitLogTests
{
    private readonly FakeTimeProvider _time = new();

    private LimitLog Log(LogLines lines)
    {
        var services = new ServiceCollection();
        lines.Capture(services);
        return new LimitLog(_time, services.BuildServiceProvider().GetRequiredService<ILoggerFactory>().CreateLogger<LimitLog>());
    }

    [Fact]
    public async Task TellsTheFirstHitAtOnceAndTheOthersAsACountOnceAMinute()
    {
        using var lines = new LogLines();
        using var log = Log(lines);
        await log.StartAsync(TestContext.Current.CancellationToken);
        for (var i = 1; i <= 1000; i++)
        {
            log.Hit("MaxConnections", IPAddress.Parse("192.0.2.1"));
        }

        Assert.Equal("Gateway:Limits:MaxConnections was reached by 192.0.2.1. From now on it is counted, and told once a minute", Assert.Single(lines.All).Message);

        while (!lines.All.Any(l => l.Properties.ContainsKey("Count")))
        {
            // The loop may not have begun to wait yet.
            _time.Advance(TimeSpan.FromMinutes(1));
            await Task.Delay(10, TestContext.Current.CancellationToken);
        }

        var line = await lines.WaitForAsync(l => l.Properties.ContainsKey("Count"), TestContext.Current.CancellationToken);
        Assert.Equal(999L, line.Properties["Count"]);

        _time.Advance(TimeSpan.FromMinutes(1));
        await log.StopAsync(TestContext.Current.CancellationToken);
        Assert.Equal(2, lines.All.Count);
    }
}
