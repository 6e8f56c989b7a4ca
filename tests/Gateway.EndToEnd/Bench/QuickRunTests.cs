using System.Text.Json;
using Gateway.EndToEnd.Harness;
using Gateway.Tests.Hosting;
using Microsoft.AspNetCore.Http;

namespace Gateway.EndToEnd.Bench;

/// <summary>The benchmark as a smoke test: whether every answer is right, never how long it took.</summary>
[Collection(Alone.Collection)]
public sealed class QuickRunTests
{
    private static readonly string[] Proxies = ["gateway", "nginx", "haproxy", "caddy", "nginx-old"];
    private static readonly string[] Rows = ["calls", "echo", "http1", "http2", "upload", "download", "connect", "resume", "idle", "start"];

    // Half a minute; a busy machine takes its time.
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(8);

    [Fact]
    public async Task EveryProxyDoesEveryRowWithoutAnError()
    {
        foreach (var tool in (string[])["nginx", "haproxy", "caddy", "wrk", "h2load"])
        {
            Require.Tool(tool);
        }

        using var folder = new TestFolder();
        var result = await RunningProgram.RunAsync(
            Path.Combine(Repository.Root, "tests/bench/run"),
            ["--quick", "--gateway", Repository.Gateway, "--output", folder["results"]],
            folder,
            new Dictionary<string, string?> { ["BENCH_PROGRAM"] = Repository.Bench },
            timeout: Patience);

        Assert.True(result.ExitCode == 0, result.ToString());
        using var json = JsonDocument.Parse(await File.ReadAllTextAsync(folder["results/results.json"], TestContext.Current.CancellationToken));
        var measured = json.RootElement.GetProperty("Measurements").EnumerateArray().ToArray();
        // The old configuration had no HTTP/2.
        var expected = Rows.SelectMany(row => Proxies.Select(proxy => $"{row} {proxy}")).Except(["http2 nginx-old"]);
        Assert.Equal(expected.Order(), measured.Select(m => $"{m.GetProperty("Row")} {m.GetProperty("Proxy")}").Order());
        Assert.All(measured, m => Assert.Equal(0, m.GetProperty("Errors").GetInt64()));
        Assert.All(measured, m => Assert.NotEqual(0, m.GetProperty("Units").GetInt64()));
    }

    [Fact]
    public async Task AnAnswerWithWrongBytesFailsTheRun()
    {
        using var folder = new TestFolder();
        const string answer = """{"status":"almost"}""";
        await using var service = await TestService.StartAsync(context =>
        {
            context.Response.ContentLength = answer.Length;
            return context.Response.WriteAsync(answer);
        });
        await using var gateway = await GatewayProcess.RunAsync(folder, new GatewayJson().Https().To(service.Address));

        var result = await RunningProgram.RunAsync(
            Repository.Bench,
            ["connect", "--port", $"{gateway.HttpsPort}", "--ca", gateway.CaPath, "--connections", "1", "--warmup", "0", "--seconds", "0.1"],
            folder);

        Assert.Equal(1, result.ExitCode);
        Assert.Contains("the answer is wrong", result.Output, StringComparison.Ordinal);
    }
}
