using Gateway.Tests.Hosting;
using Microsoft.AspNetCore.Http;

namespace Gateway.Tests.Observability;

public sealed class AccessLogTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task ARequestIsOneRecordThatSaysWhoWhatWhereAndHowLong()
    {
        await using var service = await TestService.StartAsync(context =>
        {
            context.Response.StatusCode = StatusCodes.Status201Created;
            return context.Response.WriteAsync("12345", Cancellation);
        });
        await using var gateway = await TestGateway.StartAsync(TestConfiguration.ForService(service.Address));

        using var response = await gateway.Client.PostAsync(gateway.At("/api/speech?key=secret"), null, Cancellation);

        var record = await gateway.Log.WaitForAsync(l => l.Properties.ContainsKey("Bytes"), Cancellation);
        Assert.Equal("127.0.0.1", record.Properties["Client"]);
        Assert.Equal("POST", record.Properties["Method"]);
        Assert.Equal(new Uri(gateway.Address).Authority, record.Properties["Host"]?.ToString());
        Assert.Equal("/api/speech", record.Properties["Path"]?.ToString());
        Assert.Equal(201, record.Properties["StatusCode"]);
        Assert.Equal(5L, record.Properties["Bytes"]);
        Assert.True((double)record.Properties["Duration"]! >= 0);
        Assert.Equal("all", record.Properties["Route"]);
        Assert.Equal(service.Address, record.Properties["Destination"]);
        Assert.Equal("HTTP/1.1", record.Properties["Protocol"]);
        Assert.NotNull(record.Properties["RequestId"]);
        Assert.DoesNotContain("secret", record.Message, StringComparison.Ordinal);
        Assert.Single(gateway.Log.All, l => l.Properties.ContainsKey("Bytes"));
    }
}
