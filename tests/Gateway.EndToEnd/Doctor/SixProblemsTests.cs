using System.Globalization;
using System.Net.WebSockets;
using System.Text;
using System.Text.Json.Nodes;
using Gateway.EndToEnd.Harness;
using Gateway.Tests.Hosting;
using Microsoft.AspNetCore.Http;

namespace Gateway.EndToEnd.Doctor;

/// <summary>The six problems of the troubleshooting guide: each is made, found by one finding, mended by what that finding says, and gone.</summary>
public sealed class SixProblemsTests : IDisposable
{
    private readonly TestFolder _folder = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task MissingCertificate()
    {
        var json = WithCertificate("certs/server.crt", "certs/server.key");
        var doctor = Write(json);
        Assert.Equal(1, (await RunningProgram.RunAsync(Repository.Gateway, ["run", "--config", doctor.Config], _folder)).ExitCode);

        var finding = (await doctor.AskAsync()).TheError("certificates");
        Assert.Contains($"{_folder["certs/server.crt"]}: there is no such file", Text(finding, "what"), StringComparison.Ordinal);
        Assert.StartsWith("gateway cert create --out ", Text(finding, "commands"), StringComparison.Ordinal);
        await doctor.DoAsync(finding);

        Assert.Equal("ok", (await doctor.AskAsync()).StateOf("certificates"));
        await using var gateway = await GatewayProcess.RunAsync(_folder, json);
    }

    [Fact]
    public async Task PermissionDenied()
    {
        Require.Root();
        // The service runs as nobody, and root looks.
        var unit = _folder.Write("units/gateway.service", $"""
            [Service]
            ExecStart=/usr/local/bin/gateway run --config {_folder["gateway.json"]}
            User=nobody
            Group=nogroup
            """);
        var doctor = Write(WithCertificate("certs/server.crt", "certs/server.key"), within: $"mount --bind {Path.GetDirectoryName(unit)} /etc/systemd/system && exec \"$@\"");
        await RunningProgram.RunAsync(Repository.Gateway, ["cert", "create", "--out", "certs"], _folder);
        File.SetUnixFileMode(_folder["certs"], UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        File.SetUnixFileMode(_folder.Path, (UnixFileMode)0b111_101_101);
        string[] asNobody = ["setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups", "cat", _folder["certs/server.key"]];
        Assert.Equal(1, (await doctor.RunAsync(asNobody)).ExitCode);

        var finding = (await doctor.AskAsync()).TheError("certificates");
        Assert.Matches("permission denied: .* cannot be read by user 'nobody', whom the gateway runs as: .*/certs belongs to root:root and has mode 0700", Text(finding, "what"));
        await doctor.DoAsync(finding);

        Assert.Equal("ok", (await doctor.AskAsync()).StateOf("certificates"));
        Assert.Equal(0, (await doctor.RunAsync(asNobody)).ExitCode);
    }

    [Fact]
    public async Task PortInUse()
    {
        var json = new GatewayJson().Https().To("http://127.0.0.1:3000");
        var doctor = Write(json.Set("LettuceEncrypt:AcceptTermsOfService", true).Set("LettuceEncrypt:DomainNames", new JsonArray("chat.example.com")));
        await using var other = RunningProgram.Start("/usr/bin/python3", ["-m", "http.server", $"{json.HttpsPort}", "--bind", "127.0.0.1"], _folder);
        await UntilAsync(() => Task.FromResult(!Ports.IsFree(json.HttpsPort!.Value)));

        var finding = (await doctor.AskAsync()).TheError("ports");
        Assert.Equal($"port {json.HttpsPort} is in use by python3 (process {other.ProcessId})", Text(finding, "what"));
        Assert.Matches(@"^\S*gateway.json\(\d+,\d+\)$", Text(finding, "place"));
        await doctor.DoAsync(finding);
        await other.WaitForExitAsync();

        Assert.Equal("ok", (await doctor.AskAsync()).StateOf("ports"));
    }

    [Fact]
    public async Task BrowserStillSaysInsecure()
    {
        Require.Tool("certutil");
        // Root's own trust store is copied: what is put into it is gone with the test.
        Directory.CreateDirectory(_folder["system/local"]);
        Directory.CreateDirectory(_folder["system/etc"]);
        await RunningProgram.RunAsync("sh", ["-c", "cp -a /etc/ssl/certs/. system/etc; cp -a /usr/local/share/ca-certificates/. system/local"], _folder);
        var json = new GatewayJson().Https().To("http://127.0.0.1:3000");
        var doctor = Write(json, within: Environment.IsPrivilegedProcess
            ? $"mount --bind {_folder["system/local"]} /usr/local/share/ca-certificates && mount --bind {_folder["system/etc"]} /etc/ssl/certs && exec \"$@\""
            : null);
        await using var gateway = await GatewayProcess.RunAsync(_folder, json);

        // That the browser refuses the page now is shown by UntrustedTests.
        var finding = (await doctor.AskAsync()).TheError("trust");
        Assert.Matches("the local CA is not trusted by .*Chromium", Text(finding, "what"));
        if (!Environment.IsPrivilegedProcess)
        {
            Assert.Skip("Without root the system's trust store stays as it is.");
        }

        await doctor.DoAsync(finding);

        Assert.Equal("ok", (await doctor.AskAsync()).StateOf("trust"));
        await using var after = await Chromium.StartAsync(_folder);
        var page = await after.OpenAsync(gateway.HttpsAddress);
        Assert.True(await page.EvaluateAsync<bool>("isSecureContext"));
    }

    [Fact]
    public async Task WebSocketFails()
    {
        await using var service = await TestService.StartAsync(EchoAsync);
        var json = new GatewayJson().Https().To(service.Address);
        json.Root["ReverseProxy"]!["Routes"]!["service"]!.AsObject().Remove("Metadata");
        var doctor = Write(json);
        await using var gateway = await GatewayProcess.RunAsync(_folder, json);
        await Assert.ThrowsAsync<WebSocketException>(() => OpenAsync(gateway));

        var finding = (await doctor.AskAsync("--websocket", "/call")).TheError("websockets");
        Assert.Contains("the route 'service' does not allow WebSockets", Text(finding, "what"), StringComparison.Ordinal);
        // Into the route that the finding names, at the place that it names.
        var lines = await File.ReadAllLinesAsync(doctor.Config, Cancellation);
        var place = Text(finding, "place").Split('(')[1].Split(',');
        var line = lines[int.Parse(place[0], CultureInfo.InvariantCulture) - 1];
        lines[int.Parse(place[0], CultureInfo.InvariantCulture) - 1] = line.Insert(line.IndexOf('{', StringComparison.Ordinal) + 1, Text(finding, "write") + ",");
        await File.WriteAllLinesAsync(doctor.Config, lines, Cancellation);
        await UntilAsync(async () =>
        {
            try
            {
                await OpenAsync(gateway);
                return true;
            }
            catch (WebSocketException)
            {
                return false;
            }
        });

        Assert.Equal("ok", (await doctor.AskAsync("--websocket", "/call")).StateOf("websockets"));
    }

    [Fact]
    public async Task MixedContent()
    {
        var files = new Dictionary<string, string>
        {
            ["/"] = """
                <!doctype html><title>waiting</title>
                <a href="http://example.com/">a link is no mixed content</a>
                <script type="module" src="/app.js"></script>
                """,
            ["/app.js"] = """
                // Once this was http://localhost:5003.
                import { talk } from './call.js';
                const svg = 'http://www.w3.org/2000/svg';
                const answer = await fetch("http://localhost:5001/api/hello").then(r => r.text(), () => 'nothing');
                const call = await talk().then(() => 'open', () => 'closed');
                document.title = `${answer} ${call}`;
                """,
            ["/call.js"] = """
                export const talk = () => new Promise((opened, failed) => {
                  const socket = new WebSocket(`ws://${location.hostname}:5003/ws/video`);
                  socket.onopen = opened;
                  socket.onerror = failed;
                });
                """,
        };
        await using var service = await TestService.StartAsync(context => SiteAsync(context, files));
        var json = new GatewayJson().Https().To(service.Address);
        var doctor = Write(json);
        await Trust.InstallAsync(_folder);
        await using var gateway = await GatewayProcess.RunAsync(_folder, json);
        await using var chromium = await Chromium.StartAsync(_folder);
        Assert.Equal("nothing closed", await TitleAsync(chromium, gateway));

        var findings = (await doctor.AskAsync()).Findings("page");
        Assert.Equal(["/app.js", "/call.js"], findings.Select(f => Text(f!, "place").Split(',')[0]));
        foreach (var finding in findings)
        {
            var place = System.Text.RegularExpressions.Regex.Match(Text(finding!, "place"), @"^(\S+), offset (\d+) \(line \d+\)$");
            var (file, offset) = (place.Groups[1].Value, int.Parse(place.Groups[2].Value, CultureInfo.InvariantCulture));
            var bytes = Encoding.UTF8.GetBytes(files[file]);
            var old = Encoding.UTF8.GetBytes(Text(finding!, "insteadOf"));
            Assert.True(bytes.AsSpan(offset).StartsWith(old), $"{file} at {offset}: {Text(finding!, "insteadOf")}");
            files[file] = Encoding.UTF8.GetString([.. bytes[..offset], .. Encoding.UTF8.GetBytes(Text(finding!, "write")), .. bytes[(offset + old.Length)..]]);
        }

        Assert.Equal("ok", (await doctor.AskAsync()).StateOf("page"));
        Assert.Equal("hello open", await TitleAsync(chromium, gateway));
    }

    private static async Task<string> TitleAsync(Chromium chromium, GatewayProcess gateway)
    {
        var page = await chromium.OpenAsync(gateway.HttpsAddress);
        await page.WaitForFunctionAsync("document.title !== 'waiting'");
        return await page.TitleAsync();
    }

    private static async Task SiteAsync(HttpContext context, Dictionary<string, string> files)
    {
        if (context.WebSockets.IsWebSocketRequest && context.Request.Path == "/ws/video")
        {
            await EchoAsync(context);
            return;
        }

        var path = context.Request.Path.Value!;
        context.Response.ContentType = path.EndsWith(".js", StringComparison.Ordinal) ? "text/javascript" : "text/html";
        await context.Response.WriteAsync(path == "/api/hello" ? "hello" : files.GetValueOrDefault(path, ""));
    }

    private static async Task EchoAsync(HttpContext context)
    {
        if (!context.WebSockets.IsWebSocketRequest)
        {
            return;
        }

        using var socket = await context.WebSockets.AcceptWebSocketAsync();
        await socket.ReceiveAsync(new byte[100], CancellationToken.None);
        await socket.CloseOutputAsync(WebSocketCloseStatus.NormalClosure, null, CancellationToken.None);
    }

    private static async Task OpenAsync(GatewayProcess gateway)
    {
        using var socket = new ClientWebSocket();
        using var handler = new SocketsHttpHandler { SslOptions = GatewayProcess.TrustOnly(gateway.CaPath) };
        using var client = new HttpMessageInvoker(handler);
        await socket.ConnectAsync(new Uri($"wss://localhost:{gateway.HttpsPort}/call"), client, Cancellation);
        await socket.CloseAsync(WebSocketCloseStatus.NormalClosure, null, Cancellation);
    }

    private static async Task UntilAsync(Func<Task<bool>> holds)
    {
        for (var tries = 0; !await holds(); tries++)
        {
            Assert.True(tries < 300, "It never came.");
            await Task.Delay(100, Cancellation);
        }
    }

    private DoctorCommand Write(GatewayJson json, string? within = null)
    {
        _folder.Write("gateway.json", json.ToString());
        return new DoctorCommand(_folder) { Within = within };
    }

    private GatewayJson WithCertificate(string certificate, string key) => new GatewayJson().Https().To("http://127.0.0.1:3000")
        .Set("Gateway:Certificates", new JsonArray(new JsonObject { ["Path"] = _folder[certificate], ["KeyPath"] = _folder[key] }));

    private static string Text(JsonNode finding, string name) => finding[name] is JsonArray list ? string.Join('\n', list.Select(l => l!.GetValue<string>())) : finding[name]!.GetValue<string>();
}
