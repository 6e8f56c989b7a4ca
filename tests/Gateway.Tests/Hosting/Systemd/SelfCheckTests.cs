using Gateway.Boundary.Limits;
using Gateway.Configuration;
using Gateway.Hosting;
using Gateway.Hosting.Systemd;
using Gateway.Platform;
using Gateway.Proxying;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

namespace Gateway.Tests.Hosting.Systemd;

public sealed class SelfCheckTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private static readonly SystemdHandover WithWatchdog = new("/nowhere/notify", TimeSpan.FromMinutes(10), []);

    [Theory]
    [InlineData("https")]
    [InlineData("http")]
    public async Task IsAnsweredByTheGatewayItselfWhateverTheRulesSay(string scheme)
    {
        var asked = 0;
        await using var service = await TestService.StartAsync(context =>
        {
            asked++;
            return Task.CompletedTask;
        });
        var configuration = TestConfiguration.ForService(service.Address) with { AllowedHosts = ["chat.example.com"] };
        await using var gateway = await TestGateway.StartAsync(configuration, HostMode.Run, WithWatchdog, $"{scheme}://127.0.0.1:{FreePort()}");

        await gateway.CheckItselfAsync(Cancellation);

        Assert.Equal(0, asked);
        Assert.DoesNotContain(gateway.Log.All, l => l.Properties.ContainsKey("StatusCode"));
    }

    [Fact]
    public async Task FailsWhenNobodyAnswers()
    {
        var configuration = new GatewayConfiguration().WithEndpoint("https", $"https://127.0.0.1:{FreePort()}");

        await Assert.ThrowsAsync<HttpRequestException>(() => CheckOf(configuration).RunAsync(Cancellation));
    }

    [Fact]
    public async Task FailsWhenSomebodyElseAnswers()
    {
        await using var service = await TestService.StartAsync(context => context.Response.WriteAsync("not the gateway", Cancellation));
        var configuration = new GatewayConfiguration().WithEndpoint("http", service.Address);

        var exception = await Assert.ThrowsAsync<HttpRequestException>(() => CheckOf(configuration).RunAsync(Cancellation));

        Assert.Contains("answered 200", exception.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(1, null)]
    [InlineData(100, 1)]
    public async Task IsAnsweredWhenAllConnectionsAreTaken(int max, int? perAddress)
    {
        await using var service = await TestService.StartAsync(context => context.Response.WriteAsync("well", Cancellation));
        var configuration = TestConfiguration.ForService(service.Address);
        configuration = configuration with { Gateway = configuration.Gateway with { Limits = new LimitOptions { MaxConnections = max, MaxConnectionsPerAddress = perAddress } } };
        await using var gateway = await TestGateway.StartAsync(configuration, HostMode.Run, WithWatchdog, $"https://127.0.0.1:{FreePort()}");
        Assert.Equal("well", await gateway.Client.GetStringAsync(gateway.At("/"), Cancellation));
        using (var another = TestGateway.CreateClient())
        {
            await Assert.ThrowsAnyAsync<Exception>(() => another.GetStringAsync(gateway.At("/"), Cancellation));
        }

        await gateway.CheckItselfAsync(Cancellation);
    }

    [Fact]
    public async Task SaysNothingBadWhileClientsWaitForDescriptors()
    {
        var configuration = new GatewayConfiguration().WithEndpoint("https", $"https://127.0.0.1:{FreePort()}");
        var time = new FakeTimeProvider();
        var descriptors = new DescriptorAlarm(time, NullLogger<DescriptorAlarm>.Instance);
        var check = CheckOf(configuration, descriptors);
        var waiting = descriptors.WaitAsync(Cancellation);

        await check.RunAsync(Cancellation);

        time.Advance(TimeSpan.FromSeconds(1));
        await waiting;
        await Assert.ThrowsAsync<HttpRequestException>(() => check.RunAsync(Cancellation));
    }

    private static SelfCheck CheckOf(GatewayConfiguration configuration, DescriptorAlarm? descriptors = null)
    {
        var current = new CurrentConfiguration(configuration);
        var limits = new ConnectionLimits(current, new LimitLog(TimeProvider.System, NullLogger<LimitLog>.Instance));
        return new SelfCheck(current, limits, descriptors ?? new DescriptorAlarm(TimeProvider.System, NullLogger<DescriptorAlarm>.Instance));
    }

    private static int FreePort()
    {
        using var socket = new System.Net.Sockets.TcpListener(System.Net.IPAddress.Loopback, 0);
        socket.Start();
        return ((System.Net.IPEndPoint)socket.LocalEndpoint).Port;
    }
}
