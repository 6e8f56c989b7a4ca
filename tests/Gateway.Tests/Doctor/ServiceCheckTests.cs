using System.Buffers;
using System.Net.Sockets;
using System.Net.WebSockets;
using Gateway.Configuration;
using Gateway.Doctor;
using Gateway.Doctor.Checks;
using Gateway.Hosting;
using Gateway.Tests.Hosting;
using Microsoft.AspNetCore.Http;

namespace Gateway.Tests.Doctor;

/// <summary>Services and WebSockets, with real services and a real gateway.</summary>
public sealed class ServiceCheckTests : IDisposable
{
    private readonly Patient _patient = new();

    public void Dispose() => _patient.Dispose();

    [Fact]
    public async Task AServiceThatIsDownIsAnErrorWithItsAddress()
    {
        _patient.Configuration = TestConfiguration.ForService(Nobody());

        var finding = await _patient.FindAsync(new ServiceCheck());

        Assert.Equal(Severity.Error, finding.Severity);
        Assert.StartsWith("the service 'service' is down: nothing takes connections at http://127.0.0.1:", finding.What, StringComparison.Ordinal);
    }

    [Fact]
    public async Task AServiceWhoseNameIsUnknownIsToldFromOneThatIsDown()
    {
        _patient.Configuration = TestConfiguration.ForService("http://voise.internal:5001");

        Assert.Equal("the service 'service' is down: DNS does not know its name (http://voise.internal:5001)", (await _patient.FindAsync(new ServiceCheck())).What);
    }

    [Fact]
    public async Task WhereNobodyHasStartedAnythingItIsAWarning()
    {
        _patient.Configuration = TestConfiguration.ForService(Nobody());
        _patient.Mode = HostMode.Dev;

        Assert.Equal(Severity.Warning, (await _patient.FindAsync(new ServiceCheck())).Severity);
    }

    [Fact]
    public async Task AServiceThatTakesConnectionsAndSpeaksNoHttpIsAnError()
    {
        await using var service = new RawService(async (socket, cancellationToken) => await socket.SendAsync("SSH-2.0-x\r\n"u8.ToArray(), SocketFlags.None, cancellationToken));
        _patient.Configuration = TestConfiguration.ForService(service.Address);

        Assert.Contains("takes connections but does not answer HTTP", (await _patient.FindAsync(new ServiceCheck())).What, StringComparison.Ordinal);
    }

    [Fact]
    public async Task AServiceThatFailsIsAWarning()
    {
        await using var service = await StartAsync(context => context.Response.StatusCode = 500);

        Assert.Contains(
            "answers 500 to a plain GET", (await _patient.RunAsync(new ServiceCheck())).Findings.Single(f => f.Severity == Severity.Warning).What, StringComparison.Ordinal);
    }

    [Fact]
    public async Task HttpAndUpgradeAreToldApart()
    {
        await using var service = await StartAsync(_ => { });
        _patient.WebSocketPaths = ["/ws/video"];

        var finding = await _patient.FindAsync(new ServiceCheck());

        Assert.Equal(Severity.Error, finding.Severity);
        Assert.Contains("answers HTTP, but opens no WebSocket at /ws/video: it answers 200", finding.What, StringComparison.Ordinal);
    }

    [Fact]
    public async Task APathThatIsAGuessIsNoError()
    {
        await using var service = await StartAsync(context => context.Response.StatusCode = 404);

        Assert.Equal(Severity.Unknown, (await _patient.FindAsync(new ServiceCheck())).Severity);
    }

    [Fact]
    public async Task ACallIsOpenedThroughTheGatewayHeldAndClosed()
    {
        var closed = new TaskCompletionSource<WebSocketCloseStatus?>();
        await using var service = await StartAsync(_ => { }, async socket =>
        {
            await socket.ReceiveAsync(new byte[100], CancellationToken.None);
            closed.TrySetResult(socket.CloseStatus);
        });
        await using var gateway = await RunGatewayAsync();

        var result = await _patient.RunAsync(new WebSocketCheck());

        Assert.Empty(result.Findings);
        Assert.Contains("/ws/video: held for 3 s at https://127.0.0.1:", result.Summary, StringComparison.Ordinal);
        Assert.Equal(WebSocketCloseStatus.NormalClosure, await closed.Task);
    }

    [Fact]
    public async Task ACallThatTheServiceClosesIsAWarningWithItsCode()
    {
        await using var service = await StartAsync(_ => { }, socket => socket.CloseOutputAsync((WebSocketCloseStatus)4001, "say who you are", CancellationToken.None));
        await using var gateway = await RunGatewayAsync();

        var finding = await _patient.FindAsync(new WebSocketCheck());

        Assert.Equal(Severity.Warning, finding.Severity);
        Assert.Contains("was closed with code 4001 ('say who you are')", finding.What, StringComparison.Ordinal);
    }

    [Fact]
    public async Task AnIdleTimeoutThatEndsItIsFoundWithItsKey()
    {
        await using var service = await StartAsync(_ => { }, socket => socket.ReceiveAsync(new byte[100], CancellationToken.None));
        _patient.Configuration = _patient.Configuration with { Gateway = new GatewayOptions { WebSocketIdleTimeout = TimeSpan.FromMilliseconds(200) } };
        await using var gateway = await RunGatewayAsync();

        var finding = await _patient.FindAsync(new WebSocketCheck());

        Assert.Equal(Severity.Error, finding.Severity);
        Assert.Equal("\"IdleTimeout\": \"none\"", finding.Write);
    }

    [Fact]
    public async Task ARouteThatForbidsWhatItsServiceOpensIsFoundWithTheLineToAdd()
    {
        await using var service = await StartAsync(_ => { }, socket => socket.ReceiveAsync(new byte[100], CancellationToken.None));
        _patient.Configuration = _patient.Configuration with { Routes = [_patient.Configuration.Routes[0] with { Metadata = null }] };
        _patient.WebSocketPaths = ["/ws/video"];

        var finding = await _patient.FindAsync(new WebSocketCheck());

        Assert.Equal("\"Metadata\": { \"WebSockets\": \"true\" }", finding.Write);
        Assert.Contains("the route 'all' does not allow WebSockets", finding.What, StringComparison.Ordinal);
    }

    [Fact]
    public async Task PathsOfWebSocketsAreReadFromThePage()
    {
        await using var service = await StartAsync(context =>
        {
            context.Response.ContentType = "text/html";
            context.Response.BodyWriter.Write(System.Text.Encoding.UTF8.GetBytes("<script>const a = new URL('ws/video', location); open(`wss://${location.host}/ws/other?x`); see('/wsx', 'a ws/sentence')</script>"));
        });
        _patient.Configuration = _patient.Configuration with { Routes = [_patient.Configuration.Routes[0] with { Match = new() { Path = "/{**rest}" } }, _patient.Configuration.Routes[0] with { RouteId = "ws", Match = new() { Path = "/ws/{**rest}" } }] };

        var paths = await WebSocketQuestions.PathsAsync(_patient.Examine());

        Assert.Equal(["/ws/video", "/ws/other"], paths.Where(p => p.Route.RouteId == "ws").Select(p => p.Path.Text));
    }

    private static string Nobody()
    {
        using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new System.Net.IPEndPoint(System.Net.IPAddress.Loopback, 0));
        return $"http://127.0.0.1:{((System.Net.IPEndPoint)socket.LocalEndPoint!).Port}";
    }

    private async Task<TestService> StartAsync(Action<HttpContext> answer, Func<WebSocket, Task>? call = null)
    {
        var service = await TestService.StartAsync(async context =>
        {
            if (call is not null && context.WebSockets.IsWebSocketRequest && context.Request.Path == "/ws/video")
            {
                using var socket = await context.WebSockets.AcceptWebSocketAsync();
                await call(socket);
                return;
            }

            answer(context);
        });
        _patient.Configuration = TestConfiguration.ForService(service.Address);
        return service;
    }

    private async Task<TestGateway> RunGatewayAsync()
    {
        var gateway = await TestGateway.StartAsync(_patient.Configuration, HostMode.Run);
        _patient.Configuration = _patient.Configuration.WithEndpoint("https", gateway.Address);
        _patient.ProcessId = Environment.ProcessId;
        _patient.Asked = new System.Net.DnsEndPoint("127.0.0.1", 0);
        _patient.WebSocketPaths = ["/ws/video"];
        return gateway;
    }
}
