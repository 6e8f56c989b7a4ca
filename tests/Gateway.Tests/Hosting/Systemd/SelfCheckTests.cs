using Gateway.Configuration;
using Gateway.Hosting;
using Gateway.Hosting.Systemd;
using Microsoft.AspNetCore.Http;

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

        await Assert.ThrowsAsync<HttpRequestException>(() => new SelfCheck(new CurrentConfiguration(configuration)).RunAsync(Cancellation));
    }

    [Fact]
    public async Task FailsWhenSomebodyElseAnswers()
    {
        await using var service = await TestService.StartAsync(context => context.Response.WriteAsync("not the gateway", Cancellation));
        var configuration = new GatewayConfiguration().WithEndpoint("http", service.Address);

        var exception = await Assert.ThrowsAsync<HttpRequestException>(() => new SelfCheck(new CurrentConfiguration(configuration)).RunAsync(Cancellation));

        Assert.Contains("answered 200", exception.Message, StringComparison.Ordinal);
    }

    private static int FreePort()
    {
        using var socket = new System.Net.Sockets.TcpListener(System.Net.IPAddress.Loopback, 0);
        socket.Start();
        return ((System.Net.IPEndPoint)socket.LocalEndpoint).Port;
    }
}
