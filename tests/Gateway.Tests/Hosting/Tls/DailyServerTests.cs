using System.Runtime.Versioning;
using System.Security.Authentication;
using Gateway.Hosting.Tls;
using Microsoft.Extensions.Time.Testing;

namespace Gateway.Tests.Hosting.Tls;

[SupportedOSPlatform("linux")]
public sealed class DailyServerTests
{
    [Fact]
    public void TheKeysForTicketsLiveForADay()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "elsewhere .NET has them");
        var time = new FakeTimeProvider();
        var server = new DailyServer(SslProtocols.None, time);
        var first = server.Current;

        time.Advance(TimeSpan.FromHours(23));
        Assert.Same(first, server.Current);
        time.Advance(TimeSpan.FromHours(1));

        Assert.NotSame(first, server.Current);
        Assert.Same(server.Current, server.Current);
    }
}
