using System.IO.Pipelines;
using System.Net;
using System.Net.WebSockets;
using Gateway.Tests.Hosting;
using Microsoft.AspNetCore.Http;

namespace Gateway.Tests.Proxying;

/// <summary>A route's <c>Timeout</c>, for the whole request.</summary>
public sealed class RouteTimeoutTests
{
    private static readonly TimeSpan Allowed = TimeSpan.FromMilliseconds(300);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public static TheoryData<string, string> Requests => new() { { "GET", "1.1" }, { "GET", "2.0" }, { "POST", "1.1" }, { "POST", "2.0" } };

    public static TheoryData<string> Versions => ["1.1", "2.0"];

    [Theory]
    [MemberData(nameof(Requests))]
    public async Task NoAnswerByThenGives504ThatNamesIt(string method, string version)
    {
        await using var service = new RawService((_, cancellation) => Task.Delay(Timeout.Infinite, cancellation));
        await using var gateway = await StartAsync(service.Address);
        using var request = Request(gateway, method, version);

        using var response = await gateway.Client.SendAsync(request, Cancellation);

        Assert.Equal(HttpStatusCode.GatewayTimeout, response.StatusCode);
        Assert.Contains("was not done within 00:00:00.3000000, the route's Timeout", await response.Content.ReadAsStringAsync(Cancellation), StringComparison.Ordinal);
        var record = await gateway.Log.WaitForAsync(l => l.Properties.ContainsKey("Bytes"), Cancellation);
        Assert.Equal(StatusCodes.Status504GatewayTimeout, record.Properties["StatusCode"]);
    }

    [Theory]
    [MemberData(nameof(Requests))]
    public async Task AnAnswerThatIsNotOverByThenIsBrokenOffAndLogged(string method, string version)
    {
        await using var service = await TestService.StartAsync(async context =>
        {
            while (!context.RequestAborted.IsCancellationRequested)
            {
                await context.Response.WriteAsync("more", context.RequestAborted);
                await Task.Delay(20, context.RequestAborted);
            }
        });
        await using var gateway = await StartAsync(service.Address);
        using var request = Request(gateway, method, version);

        using var response = await gateway.Client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, Cancellation);

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        await Assert.ThrowsAnyAsync<HttpRequestException>(() => response.Content.ReadAsStringAsync(Cancellation));
        await gateway.Log.WaitForAsync(l => l.Message.Contains("was not done within", StringComparison.Ordinal), Cancellation);
    }

    [Theory]
    [MemberData(nameof(Versions))]
    public async Task AnUploadThatIsNotOverByThenGives504(string version)
    {
        await using var service = await TestService.StartAsync(context => context.Request.Body.CopyToAsync(Stream.Null, context.RequestAborted));
        await using var gateway = await StartAsync(service.Address);
        using var request = Request(gateway, "POST", version);
        // More than a client keeps back until it has more.
        var upload = new Pipe(new PipeOptions(pauseWriterThreshold: 0));
        await upload.Writer.WriteAsync(new byte[200_000], Cancellation);
        request.Content = new StreamContent(upload.Reader.AsStream());

        // Over HTTP/1.1 this client hears no answer before it has sent everything.
        var asking = gateway.Client.SendAsync(request, Cancellation);

        var record = await gateway.Log.WaitForAsync(l => l.Properties.ContainsKey("Bytes"), Cancellation);
        Assert.Equal(StatusCodes.Status504GatewayTimeout, record.Properties["StatusCode"]);
        await upload.Writer.CompleteAsync();
        await Task.WhenAny(asking);
    }

    [Fact]
    public async Task AClientThatLeavesBeforeIsNoFailureOfTheService()
    {
        var isReached = new TaskCompletionSource();
        await using var service = await TestService.StartAsync(async context =>
        {
            isReached.SetResult();
            await Task.Delay(Timeout.Infinite, context.RequestAborted);
        });
        await using var gateway = await StartAsync(service.Address, TimeSpan.FromMinutes(1));
        using var leaves = new CancellationTokenSource();
        var asking = gateway.Client.GetAsync(gateway.At("/"), leaves.Token);
        await isReached.Task.WaitAsync(Cancellation);

        await leaves.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => asking);
        var record = await gateway.Log.WaitForAsync(l => l.Properties.ContainsKey("Bytes"), Cancellation);
        Assert.Equal(499, record.Properties["StatusCode"]);
        Assert.DoesNotContain(gateway.Log.All, l => l.Message.Contains("The service", StringComparison.Ordinal));
    }

    [Theory]
    [MemberData(nameof(Versions))]
    public async Task AWebSocketThatIsOpenByThenGoesOn(string version)
    {
        await using var service = await TestService.StartAsync(async context =>
        {
            using var socket = await context.WebSockets.AcceptWebSocketAsync();
            var buffer = new byte[10];
            await socket.ReceiveAsync(buffer.AsMemory(), Cancellation);
            await socket.SendAsync(buffer.AsMemory(0, 1), WebSocketMessageType.Binary, true, Cancellation);
            await socket.ReceiveAsync(buffer.AsMemory(), Cancellation);
        });
        await using var gateway = await StartAsync(service.Address);
        using var socket = await gateway.ConnectWebSocketAsync("/ws/video", Version.Parse(version), Cancellation);

        await Task.Delay(Allowed * 3, Cancellation);

        await socket.SendAsync(new byte[] { 7 }, WebSocketMessageType.Binary, true, Cancellation);
        var received = new byte[10];
        await socket.ReceiveAsync(received.AsMemory(), Cancellation);
        Assert.Equal(7, received[0]);
    }

    [Theory]
    [MemberData(nameof(Versions))]
    public async Task AHandshakeThatIsNotAnsweredByThenGives504(string version)
    {
        await using var service = await TestService.StartAsync(context => Task.Delay(Timeout.Infinite, context.RequestAborted));
        await using var gateway = await StartAsync(service.Address);

        await Assert.ThrowsAnyAsync<WebSocketException>(() => gateway.ConnectWebSocketAsync("/ws/video", Version.Parse(version), Cancellation));

        var record = await gateway.Log.WaitForAsync(l => l.Properties.ContainsKey("Bytes"), Cancellation);
        Assert.Equal(StatusCodes.Status504GatewayTimeout, record.Properties["StatusCode"]);
    }

    private static Task<TestGateway> StartAsync(string service, TimeSpan? allowed = null)
    {
        var configuration = TestConfiguration.ForService(service);
        return TestGateway.StartAsync(configuration with { Routes = [configuration.Routes[0] with { Timeout = allowed ?? Allowed }] });
    }

    private static HttpRequestMessage Request(TestGateway gateway, string method, string version) => new(new HttpMethod(method), gateway.At("/"))
    {
        Version = Version.Parse(version),
        VersionPolicy = HttpVersionPolicy.RequestVersionExact,
        Content = method == "POST" ? new ByteArrayContent(new byte[10]) : null,
    };
}
