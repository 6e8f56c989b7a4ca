using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using Gateway.EndToEnd.Harness;
using Gateway.Tests.Hosting;
using Microsoft.AspNetCore.Http;

namespace Gateway.EndToEnd.Proxying;

/// <summary>What becomes of a request whose service fails, and of one whose client leaves; over HTTP/1.1 and HTTP/2.</summary>
public sealed class FaultTests
{
    // Long before the gateway's five minutes for a silent service.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public static TheoryData<string> Versions => Clients.Versions;

    [Theory]
    [MemberData(nameof(Versions))]
    public Task AServiceThatRefusesGives502(string version) =>
        AssertErrorAsync(version, $"http://127.0.0.1:{Ports.Free()}", 502, "refused the connection");

    [Theory]
    [MemberData(nameof(Versions))]
    public async Task AServiceThatAnswersNoConnectionGives504(string version)
    {
        using var hole = new BlackHole();
        await AssertErrorAsync(version, hole.Address, 504, "could not be reached within 10 s", timeout: "00:05:00");
    }

    [Theory]
    [MemberData(nameof(Versions))]
    public async Task AServiceThatHangsGives504(string version)
    {
        await using var service = new RawService((_, cancellation) => Task.Delay(Timeout.Infinite, cancellation));
        await AssertErrorAsync(version, service.Address, 504, "was silent for 00:00:02");
    }

    [Theory]
    [MemberData(nameof(Versions))]
    public async Task AServiceThatResetsBeforeItsAnswerGives502(string version)
    {
        await using var service = new RawService(async (socket, cancellation) =>
        {
            await RawService.ReadHeadersAsync(socket, cancellation);
            Reset(socket);
        });
        await AssertErrorAsync(version, service.Address, 502, "reset the connection");
    }

    [Theory]
    [MemberData(nameof(Versions))]
    public async Task AServiceThatClosesBeforeItsAnswerGives502(string version)
    {
        await using var service = new RawService((socket, cancellation) => RawService.ReadHeadersAsync(socket, cancellation));
        await AssertErrorAsync(version, service.Address, 502, "closed the connection without an answer");
    }

    public static TheoryData<string, string, string> BrokenAnswers
    {
        get
        {
            var data = new TheoryData<string, string, string>();
            foreach (var version in Versions.Select(row => row.Data))
            {
                data.Add(version, "Content-Length: 1000", "reset");
                data.Add(version, "Content-Length: 1000", "close");
                data.Add(version, "Content-Length: 1000", "silence");
                data.Add(version, "Transfer-Encoding: chunked", "reset");
                data.Add(version, "Transfer-Encoding: chunked", "close");
                data.Add(version, "Transfer-Encoding: chunked", "silence");
            }

            return data;
        }
    }

    [Theory]
    [MemberData(nameof(BrokenAnswers))]
    public async Task AnAnswerThatBreaksOffIsNeverEndedAsIfItWereWhole(string version, string framing, string end)
    {
        using var folder = new TestFolder();
        var received = new TaskCompletionSource();
        await using var service = new RawService(async (socket, cancellation) =>
        {
            await RawService.ReadHeadersAsync(socket, cancellation);
            await socket.SendAsync(Encoding.ASCII.GetBytes($"HTTP/1.1 200 OK\r\n{framing}\r\n\r\n5\r\nhello\r\n"), cancellation);
            await received.Task.WaitAsync(cancellation);
            if (end == "silence")
            {
                await Task.Delay(Timeout.Infinite, cancellation);
            }
            else if (end == "reset")
            {
                Reset(socket);
            }
        });
        await using var gateway = await StartAsync(folder, service.Address);
        using var client = gateway.CreateClient(Version.Parse(version));

        using var response = await client.GetAsync("/api/stream", HttpCompletionOption.ResponseHeadersRead, Cancellation);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        await using var body = await response.Content.ReadAsStreamAsync(Cancellation);
        await body.ReadExactlyAsync(new byte[5], Cancellation);
        received.SetResult();

        await Assert.ThrowsAnyAsync<IOException>(() => body.CopyToAsync(Stream.Null, Cancellation).WaitAsync(Patience, Cancellation));
        await gateway.Program.WaitForLineAsync(end == "silence" ? "fell silent in the middle of its answer" : "broke off in the middle of its answer");
    }

    [Theory]
    [MemberData(nameof(Versions))]
    public async Task AClientThatLeavesBeforeTheAnswerEndsTheServicesRequest(string version)
    {
        using var folder = new TestFolder();
        var (asked, ended) = (new TaskCompletionSource(), new TaskCompletionSource());
        await using var service = await TestService.StartAsync(async context =>
        {
            using var registration = context.RequestAborted.Register(() => ended.TrySetResult());
            asked.TrySetResult();
            await ended.Task;
        });
        await using var gateway = await StartAsync(folder, service.Address, "00:05:00");
        using var client = gateway.CreateClient(Version.Parse(version));
        using var leave = new CancellationTokenSource();

        var answer = client.GetAsync("/api/slow", leave.Token);
        await asked.Task.WaitAsync(Patience, Cancellation);
        await leave.CancelAsync();

        await ended.Task.WaitAsync(Patience, Cancellation);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => answer);
        await gateway.Program.WaitForLineAsync("\"StatusCode\":499");
    }

    [Theory]
    [MemberData(nameof(Versions))]
    public async Task AClientThatLeavesAStreamEndsTheServicesRequest(string version)
    {
        using var folder = new TestFolder();
        var ended = new TaskCompletionSource();
        await using var service = await TestService.StartAsync(async context =>
        {
            using var registration = context.RequestAborted.Register(() => ended.TrySetResult());
            await context.Response.WriteAsync("data: 1\n\n");
            await context.Response.Body.FlushAsync();
            await ended.Task;
        });
        await using var gateway = await StartAsync(folder, service.Address, "00:05:00");
        using var client = gateway.CreateClient(Version.Parse(version));

        using (var response = await client.GetAsync("/api/stream", HttpCompletionOption.ResponseHeadersRead, Cancellation))
        {
            await using var body = await response.Content.ReadAsStreamAsync(Cancellation);
            await body.ReadExactlyAsync(new byte[5], Cancellation);
        }

        await ended.Task.WaitAsync(Patience, Cancellation);
        Assert.DoesNotContain(gateway.Program.All.Lines, line => line.Contains("The service", StringComparison.Ordinal));
    }

    [Theory]
    [MemberData(nameof(Versions))]
    public async Task AClientThatLeavesInItsUploadEndsTheServicesRequest(string version)
    {
        using var folder = new TestFolder();
        var (reading, left, ended) = (new TaskCompletionSource(), new TaskCompletionSource(), new TaskCompletionSource<Exception?>());
        await using var service = await TestService.StartAsync(async context =>
        {
            await context.Request.Body.ReadExactlyAsync(new byte[1000], Cancellation);
            reading.TrySetResult();
            await left.Task;
            ended.TrySetResult(await Record.ExceptionAsync(() => context.Request.Body.CopyToAsync(Stream.Null, Cancellation)));
        });
        await using var gateway = await StartAsync(folder, service.Address, "00:05:00");
        using var client = gateway.CreateClient(Version.Parse(version));
        using var leave = new CancellationTokenSource();
        using var upload = new UploadContent(90_000_000, lengthKnown: true);

        var answer = client.PostAsync("/api/transcribe", upload, leave.Token);
        await reading.Task.WaitAsync(Patience, Cancellation);
        await leave.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => answer);
        left.SetResult();

        Assert.IsType<IOException>(await ended.Task.WaitAsync(Patience, Cancellation), exactMatch: false);
    }

    [Theory]
    [MemberData(nameof(Versions))]
    public async Task TheRequestIdOfThePageForBrowsersStandsInTheLog(string version)
    {
        using var folder = new TestFolder();
        await using var gateway = await StartAsync(folder, $"http://127.0.0.1:{Ports.Free()}");
        using var client = gateway.CreateClient(Version.Parse(version));
        using var request = new HttpRequestMessage(HttpMethod.Get, "/") { Version = client.DefaultRequestVersion };
        request.Headers.Accept.Add(new MediaTypeWithQualityHeaderValue("text/html"));

        using var response = await client.SendAsync(request, Cancellation);
        var id = response.Headers.GetValues("X-Request-Id").Single();

        Assert.Equal("text/html", response.Content.Headers.ContentType!.MediaType);
        Assert.Contains(id, await response.Content.ReadAsStringAsync(Cancellation), StringComparison.Ordinal);
        await gateway.Program.WaitForLineAsync($"\"RequestId\":\"{id}\"");
    }

    /// <summary>One request fails with this status, its problem details carry an id, and the log says why under the same id.</summary>
    private static async Task AssertErrorAsync(string version, string service, int status, string reason, string timeout = "00:00:02")
    {
        using var folder = new TestFolder();
        await using var gateway = await StartAsync(folder, service, timeout);
        using var client = gateway.CreateClient(Version.Parse(version));

        using var response = await client.GetAsync("/api/voices", Cancellation).WaitAsync(Patience, Cancellation);

        Assert.Equal(status, (int)response.StatusCode);
        Assert.Equal("application/problem+json", response.Content.Headers.ContentType!.MediaType);
        using var problem = JsonDocument.Parse(await response.Content.ReadAsStringAsync(Cancellation));
        var id = problem.RootElement.GetProperty("requestId").GetString()!;
        Assert.NotEmpty(id);
        // Where the service is and what ails it is for the operator, not for the visitor.
        Assert.DoesNotContain("127.0.0.1", problem.RootElement.ToString(), StringComparison.Ordinal);
        var line = await gateway.Program.WaitForLineAsync(
            l => l.Contains($"\"RequestId\":\"{id}\"", StringComparison.Ordinal) && l.Contains(reason, StringComparison.Ordinal), $"'{reason}' under {id}");
        Assert.Contains(service, line, StringComparison.Ordinal);
        await gateway.Program.WaitForLineAsync(
            l => l.Contains($"\"RequestId\":\"{id}\"", StringComparison.Ordinal)
                && l.Contains(string.Create(CultureInfo.InvariantCulture, $"\"StatusCode\":{status},\"Bytes\":"), StringComparison.Ordinal),
            "the access record");
    }

    private static Task<GatewayProcess> StartAsync(TestFolder folder, string service, string timeout = "00:00:02") =>
        GatewayProcess.RunAsync(folder, new GatewayJson().Https().To(service).Set("Gateway:Timeouts:Request", timeout));

    private static void Reset(Socket socket)
    {
        socket.LingerState = new LingerOption(true, 0);
        socket.Close();
    }
}
