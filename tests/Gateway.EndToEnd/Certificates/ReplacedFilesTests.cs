using System.Diagnostics;
using System.Net.WebSockets;
using System.Text.Json.Nodes;
using Gateway.EndToEnd.Harness;
using Gateway.EndToEnd.Proxying;
using Gateway.Tests.Hosting;
using Microsoft.AspNetCore.Http;

namespace Gateway.EndToEnd.Certificates;

/// <summary>Certificate files are replaced while connections come in and WebSockets are open, and nobody notices.</summary>
public sealed class ReplacedFilesTests
{
    // The gateway promises 2 s; what it took stands in the test's output. This machine may be busy.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(Replacement.Rename)]
    [InlineData(Replacement.TruncateAndWrite)]
    [InlineData(Replacement.SymbolicLink)]
    public async Task NewConnectionsGetTheNewCertificateAndNothingIsCut(Replacement replacement)
    {
        using var folder = new TestFolder();
        var files = new PemFiles(folder, replacement);
        var pairs = Enumerable.Range(0, 4).Select(_ => PemPair.Create()).ToArray();
        files.Write(pairs[0]);
        await using var service = await TestService.StartAsync(AnswerAsync);
        await using var gateway = await StartAsync(folder, files, service);
        var sockets = await OpenWebSocketsAsync(gateway);
        await using var load = new HandshakeLoad(gateway.HttpsPort!.Value);
        await load.FirstSightOf(pairs[0]).WaitAsync(Patience, Cancellation);

        foreach (var (old, next) in pairs.Zip(pairs.Skip(1)))
        {
            files.Write(next);
            var written = Stopwatch.GetTimestamp();
            await load.FirstSightOf(next).WaitAsync(Patience, Cancellation);
            var seen = Stopwatch.GetTimestamp();
            await load.PassAsync(200, Cancellation);
            Report($"{replacement}: served {Stopwatch.GetElapsedTime(written, seen).TotalMilliseconds:F0} ms after it was written");
            Assert.True(load.LastSightOf(old) < seen, "a handshake that was begun later got the old certificate again");
            await EchoAsync(sockets);
        }

        AssertNoFailure(load);
        await CloseAsync(sockets);
    }

    [Fact]
    public async Task ABrokenPairIsRefusedWithOneLineAndTheOldOneKept()
    {
        using var folder = new TestFolder();
        var files = new PemFiles(folder, Replacement.Rename);
        var (old, cut, next) = (PemPair.Create(), PemPair.Create(), PemPair.Create());
        files.Write(old);
        await using var service = await TestService.StartAsync(AnswerAsync);
        await using var gateway = await StartAsync(folder, files, service);
        var sockets = await OpenWebSocketsAsync(gateway);
        await using var load = new HandshakeLoad(gateway.HttpsPort!.Value);
        var refusals = 0;

        // Each of another certificate: a look between the writing of two files finds the key of one and the certificate of the other.
        PemPair[] broken =
        [
            PemPair.Create() with { Key = PemPair.Create().Key },
            cut with { Certificate = cut.Certificate[..(cut.Certificate.Length / 2)] },
            PemPair.Create() with { Certificate = "" },
            PemPair.Create() with { Key = "not a key\n" },
        ];
        foreach (var pair in broken)
        {
            files.Write(pair);
            var refused = await gateway.Program.WaitForLineAsync(IsRefusal, "the refusal of a broken pair", after: LinesUntilRefusal(gateway, refusals), Patience);
            refusals++;
            Report(refused);
            Assert.Contains(files.CertificatePath, refused, StringComparison.Ordinal);
            await load.PassAsync(500, Cancellation);
        }

        Assert.Equal(broken.Length, gateway.Program.All.Lines.Count(line => IsRefusal(line)));
        Assert.Equal([old.SerialNumber], load.Seen);
        files.Write(next);
        await load.FirstSightOf(next).WaitAsync(Patience, Cancellation);

        AssertNoFailure(load);
        await EchoAsync(sockets);
        await CloseAsync(sockets);
    }

    private static bool IsRefusal(string line) => line.Contains("cannot be served", StringComparison.Ordinal);

    /// <summary>How many lines to pass over so that the refusals known are behind.</summary>
    private static int LinesUntilRefusal(GatewayProcess gateway, int known)
    {
        var lines = gateway.Program.All.Lines;
        var refusals = lines.Index().Where(line => IsRefusal(line.Item)).Select(line => line.Index).ToArray();
        return known == 0 ? 0 : refusals[known - 1] + 1;
    }

    private static Task<GatewayProcess> StartAsync(TestFolder folder, PemFiles files, TestService service) =>
        GatewayProcess.RunAsync(folder, new GatewayJson().Https().To(service.Address).Set("Gateway:Certificates", new JsonArray(new JsonObject
        {
            ["Path"] = files.CertificatePath,
            ["KeyPath"] = files.KeyPath,
        })));

    private static Task AnswerAsync(HttpContext context)
    {
        if (context.WebSockets.IsWebSocketRequest)
        {
            return Sockets.EchoAsync(context);
        }

        context.Response.ContentLength = "well".Length;
        return context.Response.WriteAsync("well");
    }

    private static async Task<ClientWebSocket[]> OpenWebSocketsAsync(GatewayProcess gateway) =>
        await Task.WhenAll(new[] { "1.1", "1.1", "2.0", "2.0" }.Select(version => Clients.OpenWebSocketAsync(gateway, "/ws/call", version)));

    private static Task EchoAsync(ClientWebSocket[] sockets) => Task.WhenAll(sockets.Select(socket => Clients.EchoAsync(socket, "still here")));

    private static async Task CloseAsync(ClientWebSocket[] sockets)
    {
        foreach (var socket in sockets)
        {
            await socket.CloseAsync(WebSocketCloseStatus.NormalClosure, null, Cancellation);
            socket.Dispose();
        }
    }

    private static void AssertNoFailure(HandshakeLoad load)
    {
        Report($"{load.Requests} connections, {load.RequestsPerSecond:F0} a second, {load.Failures.Count} failed");
        Assert.Empty(load.Failures);
    }

    private static void Report(string text) => TestContext.Current.TestOutputHelper!.WriteLine(text);
}
