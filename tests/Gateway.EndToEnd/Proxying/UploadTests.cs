using System.Security.Cryptography;
using Gateway.EndToEnd.Harness;
using Gateway.Tests.Hosting;
using Microsoft.AspNetCore.Http;

namespace Gateway.EndToEnd.Proxying;

/// <summary>Uploads stream: they arrive whole and are never in the gateway as a whole.</summary>
public sealed class UploadTests
{
    private const int MiB = 1024 * 1024;
    private const int UploadSize = 90_000_000;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("1.1", true)]
    [InlineData("1.1", false)]
    [InlineData("2.0", true)]
    [InlineData("2.0", false)]
    public async Task NinetyMegabytesArriveIntactAndAddLessThan20MBToTheGatewaysMemory(string version, bool lengthKnown)
    {
        using var folder = new TestFolder();
        await using var service = await TestService.StartAsync(HashBodyAsync);
        await using var gateway = await GatewayProcess.RunAsync(folder, new GatewayJson().Https().To(service.Address));
        using var client = gateway.CreateClient(Version.Parse(version));
        // The first one loads and compiles code, which stays.
        await UploadAsync(client, lengthKnown);
        var memory = ProcessMemory.Watch(gateway.Program.ProcessId);

        await UploadAsync(client, lengthKnown);

        var growth = memory.PeakGrowth();
        TestContext.Current.TestOutputHelper!.WriteLine($"90 MB over HTTP/{version}, length {(lengthKnown ? "known" : "unknown")}: {growth / 1e6:F1} MB");
        Assert.InRange(growth, 0, 20_000_000);
    }

    [Theory]
    [InlineData("1.1")]
    [InlineData("2.0")]
    public async Task AServiceThatReadsNothingHoldsTheClientBackInsteadOfFillingTheGatewaysMemory(string version)
    {
        using var folder = new TestFolder();
        var startReading = new TaskCompletionSource();
        await using var service = await TestService.StartAsync(async context =>
        {
            await startReading.Task.WaitAsync(context.RequestAborted);
            await HashBodyAsync(context);
        });
        await using var gateway = await GatewayProcess.RunAsync(folder, new GatewayJson().Https().To(service.Address));
        using var client = gateway.CreateClient(Version.Parse(version));
        var upload = new UploadContent(UploadSize, lengthKnown: true);
        var memory = ProcessMemory.Watch(gateway.Program.ProcessId);

        var answer = client.PostAsync("/api/transcribe", upload, Cancellation);
        await upload.WaitUntilHeldBackAsync(Cancellation);
        var (sent, growth) = (upload.Sent, memory.PeakGrowth());
        startReading.SetResult();

        using var response = await answer;
        Assert.Equal(upload.Hash, await response.Content.ReadAsStringAsync(Cancellation));
        TestContext.Current.TestOutputHelper!.WriteLine($"HTTP/{version}: held back after {sent / 1e6:F1} MB, with {growth / 1e6:F1} MB more in the gateway");
        Assert.InRange(sent, 0, 60 * MiB);
        // Code for the first request included.
        Assert.InRange(growth, 0, 40_000_000);
    }

    private static async Task UploadAsync(HttpClient client, bool lengthKnown)
    {
        using var upload = new UploadContent(UploadSize, lengthKnown);
        using var response = await client.PostAsync("/api/transcribe", upload, Cancellation);
        Assert.Equal(upload.Hash, await response.Content.ReadAsStringAsync(Cancellation));
    }

    private static async Task HashBodyAsync(HttpContext context)
    {
        var hash = await SHA256.HashDataAsync(context.Request.Body, context.RequestAborted);
        await context.Response.WriteAsync(Convert.ToHexString(hash), context.RequestAborted);
    }
}
