using System.Net;
using System.Net.Security;
using System.Net.WebSockets;
using System.Text;
using Gateway.EndToEnd.Harness;
using Gateway.EndToEnd.Proxying;
using Gateway.Tests.Boundary;
using Gateway.Tests.Hosting;
using Microsoft.AspNetCore.Http;

namespace Gateway.EndToEnd.Boundary;

/// <summary>Clients that ask for much and take nothing: what they do not read stays with the service.</summary>
[Collection(Alone.Collection)]
public sealed class StalledReaderTests
{
    // 50 MB for a hundred are the aim, and reached (SECURITY.md); half as much again for what the garbage collector has not got round to on a
    // busy machine. An answer that piled up is a hundred times that.
    private const long MostMemoryEach = 750_000;
    private const int Part = 64 * 1024;

    private long _sent;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private static int Readers => TestSize.Of("GATEWAY_TESTS_STALLED_READERS", 100);

    private static long Answer => TestSize.Of("GATEWAY_TESTS_STALLED_MEGABYTES", 100) * 1_000_000L;

    [Theory]
    [InlineData("HTTP/1.1")]
    [InlineData("HTTP/2")]
    [InlineData("WebSocket")]
    [InlineData("WebSocket over HTTP/2")]
    public async Task HoldUpTheServiceAndTakeNoMemory(string kind)
    {
        using var folder = new TestFolder();
        await using var service = await TestService.StartAsync(AnswerAsync);
        await using var gateway = await GatewayProcess.RunAsync(folder, new GatewayJson().Https().To(service.Address));
        // The first one loads and compiles code, which stays.
        (await StallAsync(gateway, kind)).Dispose();
        await QuietAsync();
        var memory = ProcessMemory.Watch(gateway.Program.ProcessId);

        var readers = new List<IDisposable>();
        for (var i = 0; i < Readers; i++)
        {
            readers.Add(await StallAsync(gateway, kind));
        }

        await QuietAsync();
        var growth = memory.PeakGrowth();
        var perReader = Interlocked.Read(ref _sent) / Readers;
        TestContext.Current.TestOutputHelper!.WriteLine($"{Readers} stalled readers of {Answer / 1_000_000} MB over {kind}: +{growth / 1e6:F0} MB, the service could send {perReader / 1e6:F1} MB to each");
        readers.ForEach(reader => reader.Dispose());

        Assert.InRange(growth, 0, Readers * MostMemoryEach);
        Assert.True(perReader < Answer / 2, "The service was not held up.");
    }

    private static async Task<IDisposable> StallAsync(GatewayProcess gateway, string kind)
    {
        switch (kind)
        {
            case "HTTP/1.1":
                var http1 = await Clients.ConnectTlsAsync(gateway.HttpsPort!.Value);
                await http1.WriteAsync(Encoding.ASCII.GetBytes("GET /large HTTP/1.1\r\nHost: localhost\r\n\r\n"), Cancellation);
                return http1;
            case "HTTP/2":
                var http2 = await Clients.ConnectTlsAsync(gateway.HttpsPort!.Value, protocol: SslApplicationProtocol.Http2);
                var client = await Http2Adversary.BeginAsync(http2, Cancellation);
                // A window for all of it, so that it is the reading that stops the answer.
                await client.SendAsync(
                    [
                        .. Http2Adversary.Frame(Http2Adversary.Settings, 0, 0, [0, 4, 0x7f, 0xff, 0xff, 0xff]),
                        .. Http2Adversary.Frame(Http2Adversary.WindowUpdate, 0, 0, [0x7f, 0, 0, 0]),
                        .. Http2Adversary.Frame(
                            Http2Adversary.Headers, Http2Adversary.EndHeaders | Http2Adversary.EndStream, 1, Http2Adversary.Request("GET", "/large")),
                    ],
                    Cancellation);
                return http2;
            default:
                // A socket without anybody who receives from it.
                return await Clients.OpenWebSocketAsync(gateway, "/ws", kind == "WebSocket" ? "1.1" : "2.0");
        }
    }

    /// <summary>Until nothing more goes out of the service.</summary>
    private async Task QuietAsync()
    {
        for (long before = -1, now = 0; now != before; now = Interlocked.Read(ref _sent))
        {
            before = now;
            await Task.Delay(TimeSpan.FromSeconds(1), Cancellation);
        }
    }

    private async Task AnswerAsync(HttpContext context)
    {
        var part = new byte[Part];
        using var socket = context.WebSockets.IsWebSocketRequest ? await context.WebSockets.AcceptWebSocketAsync() : null;
        try
        {
            for (long sent = 0; sent < Answer; sent += Part)
            {
                await (socket is null
                    ? context.Response.Body.WriteAsync(part, context.RequestAborted).AsTask()
                    : socket.SendAsync(part, WebSocketMessageType.Binary, true, context.RequestAborted));
                Interlocked.Add(ref _sent, Part);
            }
        }
        catch (Exception exception) when (exception is IOException or OperationCanceledException or WebSocketException)
        {
            // The reader has gone.
        }
    }
}
