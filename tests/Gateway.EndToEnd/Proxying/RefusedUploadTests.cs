using System.Security.Cryptography;
using Gateway.EndToEnd.Harness;
using Gateway.Tests.Hosting;
using Microsoft.AspNetCore.Http;

namespace Gateway.EndToEnd.Proxying;

/// <summary>Whose upload is refused is told why, and not only cut off: many clients look for the answer when they have sent everything.</summary>
public sealed class RefusedUploadTests
{
    private const int Limit = 5_000_000;
    private const int TooLarge = 60_000_000;
    private const string Explanation = "Gateway:Limits:MaxRequestBodySize is 5000000 bytes.";

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("length")]
    [InlineData("chunked")]
    [InlineData("multipart")]
    public async Task PythonsRequestsSeesTheExplanation(string kind)
    {
        await Python.RequireAsync("requests");
        using var folder = new TestFolder();
        await using var service = await TestService.StartAsync(ReadAsync);
        await using var gateway = await StartAsync(folder, service);

        var result = await Python.RunAsync(
            "upload.py", folder, $"{gateway.HttpsAddress}api/transcribe", gateway.CaPath, $"{TooLarge}", kind);

        Assert.True(result.ExitCode == 0, result.ToString());
        Assert.StartsWith("413\n", result.Output, StringComparison.Ordinal);
        Assert.Contains(Explanation, result.Output, StringComparison.Ordinal);
    }

    [Theory]
    // "-H Expect:" has curl send at once, where it would otherwise ask first whether it may (100-continue).
    [InlineData("--http1.1", "-H", "Expect:", "-F", "file=@upload")]
    [InlineData("--http1.1", "-F", "file=@upload")]
    [InlineData("--http1.1", "-H", "Expect:", "-X", "POST", "-T", "-")]
    [InlineData("--http2", "-F", "file=@upload")]
    [InlineData("--http2", "-X", "POST", "-T", "-")]
    public async Task CurlSeesTheExplanation(params string[] how)
    {
        var curl = Require.Tool("curl");
        using var folder = new TestFolder();
        await using var service = await TestService.StartAsync(ReadAsync);
        await using var gateway = await StartAsync(folder, service);
        await using (var upload = File.Create(folder["upload"]))
        {
            upload.SetLength(TooLarge);
        }

        // A shell, to have standard input from the file for "-T -".
        var result = await RunningProgram.RunAsync("/bin/sh",
            ["-c", "exec \"$0\" \"$@\" < upload", curl, "-sS", "--cacert", gateway.CaPath, .. how, "-w", "\n%{http_code}", $"{gateway.HttpsAddress}api/transcribe"],
            folder);

        Assert.True(result.ExitCode == 0, result.ToString());
        Assert.EndsWith("\n413", result.Output, StringComparison.Ordinal);
        Assert.Contains(Explanation, result.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task PythonsRequestsFollowsTheRedirectToHttps()
    {
        await Python.RequireAsync("requests");
        using var folder = new TestFolder();
        await using var service = await TestService.StartAsync(ReadAsync);
        await using var gateway = await GatewayProcess.RunAsync(folder, new GatewayJson().Https().Http().To(service.Address));

        var result = await Python.RunAsync(
            "upload.py", folder, $"{gateway.HttpAddress}api/transcribe", gateway.CaPath, $"{TooLarge}", "multipart");

        Assert.StartsWith("200\n", result.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task PythonsRequestsSeesAServicesEarlyAnswer()
    {
        await Python.RequireAsync("requests");
        using var folder = new TestFolder();
        await using var service = await TestService.StartAsync(async context =>
        {
            context.Response.StatusCode = StatusCodes.Status401Unauthorized;
            await context.Response.WriteAsync("sign in first", context.RequestAborted);
            await context.Response.CompleteAsync();
            await context.Request.Body.CopyToAsync(Stream.Null, context.RequestAborted);
        });
        await using var gateway = await GatewayProcess.RunAsync(folder, new GatewayJson().Https().To(service.Address));

        var result = await Python.RunAsync(
            "upload.py", folder, $"{gateway.HttpsAddress}api/transcribe", gateway.CaPath, $"{TooLarge}", "multipart");

        Assert.Equal("401\nsign in first", result.Output.Trim());
    }

    [Fact]
    public async Task TheConnectionServesTheNextRequestAfterwards()
    {
        using var folder = new TestFolder();
        await using var service = await TestService.StartAsync(ReadAsync);
        await using var gateway = await StartAsync(folder, service);
        await using var tls = await Clients.ConnectTlsAsync(gateway.HttpsPort!.Value);
        using var reader = new StreamReader(tls);

        await tls.WriteAsync(System.Text.Encoding.ASCII.GetBytes($"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: {Limit + 1}\r\n\r\n"), Cancellation);
        await tls.WriteAsync(new byte[Limit + 1], Cancellation);
        await tls.WriteAsync("POST /next HTTP/1.1\r\nHost: localhost\r\nContent-Length: 4\r\nConnection: close\r\n\r\nnext"u8.ToArray(), Cancellation);
        var answers = await reader.ReadToEndAsync(Cancellation);

        Assert.StartsWith("HTTP/1.1 413 ", answers, StringComparison.Ordinal);
        Assert.Contains("HTTP/1.1 200 OK", answers, StringComparison.Ordinal);
        Assert.EndsWith(Convert.ToHexString(SHA256.HashData("next"u8)), answers, StringComparison.Ordinal);
    }

    private static Task<GatewayProcess> StartAsync(TestFolder folder, TestService service) =>
        GatewayProcess.RunAsync(folder, new GatewayJson().Https().To(service.Address).Set("Gateway:Limits:MaxRequestBodySize", Limit));

    private static async Task ReadAsync(HttpContext context)
    {
        var hash = Convert.ToHexString(await SHA256.HashDataAsync(context.Request.Body, context.RequestAborted));
        context.Response.ContentLength = hash.Length;
        await context.Response.WriteAsync(hash, context.RequestAborted);
    }
}
