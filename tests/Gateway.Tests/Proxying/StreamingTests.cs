using System.IO.Pipelines;
using System.Net;
using Gateway.Tests.Hosting;
using Microsoft.AspNetCore.Http;

namespace Gateway.Tests.Proxying;

public sealed class StreamingTests
{
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(10);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("1.1")]
    [InlineData("2.0")]
    public async Task AnEventReachesTheClientBeforeTheNextOneIsMade(string version)
    {
        var seen = new TaskCompletionSource();
        await using var service = await TestService.StartAsync(async context =>
        {
            context.Response.ContentType = "text/event-stream";
            await context.Response.WriteAsync("data: 1\n\n", Cancellation);
            await context.Response.Body.FlushAsync(Cancellation);
            await seen.Task;
            await context.Response.WriteAsync("data: 2\n\n", Cancellation);
        });
        await using var gateway = await TestGateway.StartAsync(TestConfiguration.ForService(service.Address));
        using var request = new HttpRequestMessage(HttpMethod.Get, gateway.At("/events")) { Version = Version.Parse(version), VersionPolicy = HttpVersionPolicy.RequestVersionExact };

        using var response = await gateway.Client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, Cancellation);
        using var events = new StreamReader(await response.Content.ReadAsStreamAsync(Cancellation));

        Assert.Equal("data: 1", await events.ReadLineAsync(Cancellation).AsTask().WaitAsync(Soon, Cancellation));
        seen.SetResult();
        Assert.Equal("\ndata: 2\n\n", await events.ReadToEndAsync(Cancellation));
    }

    [Theory]
    [InlineData("1.1")]
    [InlineData("2.0")]
    public async Task AnUploadReachesTheServiceWhileItIsBeingSent(string version)
    {
        var begun = new TaskCompletionSource();
        await using var service = await TestService.StartAsync(async context =>
        {
            await context.Request.Body.ReadExactlyAsync(new byte[1000], Cancellation);
            begun.SetResult();
            await context.Request.Body.CopyToAsync(Stream.Null, Cancellation);
        });
        await using var gateway = await TestGateway.StartAsync(TestConfiguration.ForService(service.Address));
        var upload = new Pipe();
        using var request = new HttpRequestMessage(HttpMethod.Post, gateway.At("/upload"))
        {
            Version = Version.Parse(version),
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
            Content = new StreamContent(upload.Reader.AsStream()),
        };

        var sending = gateway.Client.SendAsync(request, Cancellation);
        await upload.Writer.WriteAsync(new byte[50_000], Cancellation);
        await begun.Task.WaitAsync(Soon, Cancellation);
        await upload.Writer.CompleteAsync();

        using var response = await sending;
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
    }

    [Theory]
    [InlineData("1.1")]
    [InlineData("2.0")]
    public async Task AClientThatLeavesIsToldToTheService(string version)
    {
        var asked = new TaskCompletionSource();
        var cancelled = new TaskCompletionSource();
        await using var service = await TestService.StartAsync(async context =>
        {
            context.RequestAborted.Register(cancelled.SetResult);
            asked.SetResult();
            await cancelled.Task;
        });
        await using var gateway = await TestGateway.StartAsync(TestConfiguration.ForService(service.Address));
        using var leave = new CancellationTokenSource();
        using var request = new HttpRequestMessage(HttpMethod.Get, gateway.At("/slow")) { Version = Version.Parse(version), VersionPolicy = HttpVersionPolicy.RequestVersionExact };

        var asking = gateway.Client.SendAsync(request, leave.Token);
        await asked.Task;
        await leave.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => asking);
        await cancelled.Task.WaitAsync(Soon, Cancellation);
        var record = await gateway.Log.WaitForAsync(l => l.Properties.ContainsKey("Bytes"), Cancellation);
        Assert.Equal(499, record.Properties["StatusCode"]);
    }

    [Theory]
    [InlineData("Content-Length: 100\r\n\r\n0123456789", false)]
    [InlineData("Content-Length: 100\r\n\r\n0123456789", true)]
    [InlineData("Transfer-Encoding: chunked\r\n\r\nA\r\n0123456789\r\n", false)]
    [InlineData("Transfer-Encoding: chunked\r\n\r\nA\r\n0123456789\r\n", true)]
    public async Task AnAnswerThatBreaksOffNeverLooksComplete(string answer, bool reset)
    {
        await using var service = new RawService(async (socket, cancellation) =>
        {
            await RawService.ReadHeadersAsync(socket, cancellation);
            await socket.SendAsync(System.Text.Encoding.ASCII.GetBytes("HTTP/1.1 200 OK\r\n" + answer), cancellation);
            if (reset)
            {
                socket.LingerState = new System.Net.Sockets.LingerOption(true, 0);
            }
        });
        await using var gateway = await TestGateway.StartAsync(TestConfiguration.ForService(service.Address));

        foreach (var version in new[] { HttpVersion.Version11, HttpVersion.Version20 })
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, gateway.At("/")) { Version = version, VersionPolicy = HttpVersionPolicy.RequestVersionExact };
            // A reset may overtake the answer, and then nothing has been promised yet: a 502 is as good.
            var outcome = await Record.ExceptionAsync(async () =>
            {
                using var response = await gateway.Client.SendAsync(request, Cancellation);
                Assert.Equal(HttpStatusCode.BadGateway, response.StatusCode);
            });
            Assert.True(outcome is null or HttpRequestException, outcome?.ToString());
        }
    }
}
