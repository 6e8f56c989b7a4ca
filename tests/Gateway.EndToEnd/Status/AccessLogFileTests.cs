using System.Globalization;
using System.Net.WebSockets;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Gateway.EndToEnd.Faults;
using Gateway.EndToEnd.Harness;
using Gateway.Tests.Hosting;
using Microsoft.AspNetCore.Http;

namespace Gateway.EndToEnd.Status;

/// <summary>Gateway:AccessLog as other programs and a full disk meet it.</summary>
public sealed class AccessLogFileTests
{
    /// <summary>The README has the same.</summary>
    private const string JsonFormat =
        """{"time":"%dT%t.%^","client":"%h","user":"%e","method":"%m","host":"%v","path":"%U","protocol":"%H","status":"%s","bytes":"%b","seconds":"%T","referrer":"%R","user_agent":"%u"}""";

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("Combined", "COMBINED")]
    [InlineData("Json", JsonFormat)]
    public async Task GoAccessReadsEveryLine(string format, string logFormat)
    {
        Require.Tool("goaccess");
        Assert.Contains(JsonFormat, await File.ReadAllTextAsync(Path.Combine(Repository.Root, "README.md"), Cancellation), StringComparison.Ordinal);
        using var folder = new TestFolder();
        await using var service = await TestService.StartAsync(AnswerAsync);
        var path = folder["access.log"];
        var json = new GatewayJson().Https().To(service.Address).Set("Gateway:AccessLog", new JsonObject { ["Path"] = path, ["Format"] = format });
        await using (var gateway = await GatewayProcess.RunAsync(folder, json))
        {
            using var client = gateway.CreateClient();
            for (var i = 0; i < 20; i++)
            {
                using var request = new HttpRequestMessage(HttpMethod.Get, $"/page/{i % 4}?token=secret");
                request.Headers.TryAddWithoutValidation("User-Agent", "Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0");
                request.Headers.Referrer = new Uri("https://friend.example/links?token=secret");
                using var response = await client.SendAsync(request, Cancellation);
            }

            using var forged = new HttpRequestMessage(HttpMethod.Post, "/missing/a%20%22b");
            forged.Headers.TryAddWithoutValidation("User-Agent", "\" 200 1 \"-\" \"-\\");
            using var missing = await client.SendAsync(forged, Cancellation);
            using var call = new ClientWebSocket();
            await call.ConnectAsync(new Uri(gateway.HttpsAddress.ToString().Replace("https:", "wss:", StringComparison.Ordinal) + "ws"), client, Cancellation);
            await call.CloseAsync(WebSocketCloseStatus.NormalClosure, null, Cancellation);
            gateway.Program.Terminate();
            await gateway.Program.WaitForExitAsync();
        }

        var report = folder["report.json"];
        string[] arguments = [path, "--no-global-config", "--log-format=" + logFormat, "-o", report, .. format == "Json" ? ["--date-format=%Y-%m-%d", "--time-format=%H:%M:%S"] : Array.Empty<string>()];
        var goaccess = await RunningProgram.RunAsync("goaccess", arguments, folder);
        Assert.True(goaccess.ExitCode == 0, goaccess.ToString());

        var read = JsonNode.Parse(await File.ReadAllTextAsync(report, Cancellation))!;
        int Of(string panel, string data) => read[panel]!["data"]!.AsArray().SelectMany(item => (item!["items"]?.AsArray() ?? []).Append(item)).Where(item => item!["data"]!.GetValue<string>().StartsWith(data, StringComparison.Ordinal)).Sum(item => item!["hits"]!["count"]!.GetValue<int>());
        Assert.Equal(22, read["general"]!["valid_requests"]!.GetValue<int>());
        Assert.Equal(0, read["general"]!["failed_requests"]!.GetValue<int>());
        Assert.Equal(20 * 5, read["general"]!["bandwidth"]!.GetValue<int>() - (await File.ReadAllLinesAsync(path, Cancellation)).Sum(OtherBytes));
        Assert.Equal(5, Of("requests", "/page/3"));
        Assert.Equal(1, Of("not_found", "/missing/"));
        Assert.Equal(1, Of("status_codes", "101"));
        Assert.Equal(20, Of("browsers", "Firefox/140.0"));
        Assert.DoesNotContain("secret", await File.ReadAllTextAsync(path, Cancellation), StringComparison.Ordinal);
    }

    [Fact]
    public async Task AFullDiskStopsNoRequestIsSaidOnceCountedAndOver()
    {
        using var folder = new TestFolder();
        await using var disk = await SmallDisk.MountAsync(Path.Combine(folder.Path, "log"));
        await using var service = await TestService.StartAsync(AnswerAsync);
        var (path, adminPort) = (Path.Combine(disk.Path, "access.log"), Ports.Free());
        var json = new GatewayJson().Https().To(service.Address).Set("Gateway:Admin", $"127.0.0.1:{adminPort}").Set("Gateway:AccessLog", new JsonObject { ["Path"] = path });
        await using var gateway = await GatewayProcess.RunAsync(folder, json, new Dictionary<string, string?> { ["GATEWAY_Gateway__Admin"] = null });
        using var client = gateway.CreateClient();

        await AskAsync(client, 20);
        await disk.FillAsync();
        // Some may still fit into the last block of the file.
        await AskAsync(client, 300);
        await gateway.Program.WaitForLineAsync($"The access log {path} cannot be written");
        await AskAsync(client, 100);
        File.Delete(Path.Combine(disk.Path, "filler"));
        var asked = 420;
        var recovery = gateway.Program.WaitForLineAsync("is written again");
        for (; !recovery.IsCompleted; asked++)
        {
            await AskAsync(client, 1);
            await Task.Delay(TimeSpan.FromMilliseconds(300), Cancellation);
        }

        await recovery;

        using var admin = new HttpClient();
        var metrics = await admin.GetStringAsync($"http://127.0.0.1:{adminPort}/metrics", Cancellation);
        var dropped = int.Parse(Regex.Match(metrics, "(?m)^gateway_access_log_dropped_lines_total ([0-9]+)").Groups[1].Value, CultureInfo.InvariantCulture);
        gateway.Program.Terminate();
        await gateway.Program.WaitForExitAsync();
        var lines = await File.ReadAllLinesAsync(path, Cancellation);
        // Some of the first 20 may have been on their way when the disk was full.
        Assert.InRange(dropped, 100, 420);
        Assert.Equal(asked, lines.Length + dropped);
        Assert.All(lines, line => Assert.Matches("^\\S+ - - \\[.*\\] \"GET / HTTP/[0-9.]+\" 200 5 \"-\" \"-\"$", line));
        Assert.Single(gateway.Program.All.Lines, line => line.Contains("cannot be written", StringComparison.Ordinal));
    }

    private static async Task AskAsync(HttpClient client, int times)
    {
        for (var i = 0; i < times; i++)
        {
            Assert.Equal("12345", await client.GetStringAsync("/", Cancellation));
        }
    }

    // What is not a page: the error of the service, and what a call has sent back.
    private static int OtherBytes(string line) => Regex.Match(line, "\"bytes\":([0-9]+)|\" [0-9]+ ([0-9]+) \"") is var match
        && int.Parse(match.Groups[1].Value + match.Groups[2].Value, CultureInfo.InvariantCulture) is var bytes && !line.Contains("/page/", StringComparison.Ordinal) ? bytes : 0;

    private static async Task AnswerAsync(HttpContext context)
    {
        if (context.WebSockets.IsWebSocketRequest)
        {
            using var socket = await context.WebSockets.AcceptWebSocketAsync();
            await socket.ReceiveAsync(new byte[10], CancellationToken.None);
            await socket.CloseAsync(WebSocketCloseStatus.NormalClosure, null, CancellationToken.None);
            return;
        }

        context.Response.StatusCode = context.Request.Path.StartsWithSegments("/missing") ? 404 : 200;
        await context.Response.WriteAsync("12345");
    }
}
