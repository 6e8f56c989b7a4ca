using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Net.WebSockets;
using System.Text.RegularExpressions;
using Backends;

namespace Gateway.Tests.Backends;

public sealed partial class BackendsCommandTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("audio")]
    [InlineData("voice", "video")]
    [InlineData("--port")]
    public async Task AnUnknownArgumentIsWrongUsage(params string[] args)
    {
        var (code, output, errors) = await RunAsync(args, FreePorts);
        Assert.Equal((2, ""), (code, output));
        Assert.Contains("unknown argument", errors, StringComparison.Ordinal);
        Assert.Contains("usage:", errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task HelpNamesEveryVariable()
    {
        var (code, output, _) = await RunAsync(["--help"], FreePorts);
        Assert.Equal(0, code);
        Assert.All(["VOICE_PORT", "VIDEO_PORT", "WEB_PORT", "STT_BASE_URL", "STT_API_KEY", "STT_MODEL", "STT_COMMAND"],
            name => Assert.Contains(name, output, StringComparison.Ordinal));
    }

    [Fact]
    public async Task APortInUseIsOneLineWithPortAndRemedy()
    {
        using var holder = new TcpListener(IPAddress.Loopback, 0);
        holder.Start();
        var port = ((IPEndPoint)holder.LocalEndpoint).Port;
        var (code, output, errors) = await RunAsync(["web"], name => name == "WEB_PORT" ? $"{port}" : null);
        Assert.Equal((1, ""), (code, output));
        Assert.Equal($"backends: the web service cannot listen on 127.0.0.1:{port}: the port is in use; "
            + "stop the program that holds it or choose another port with WEB_PORT (0 takes a free one)", errors.TrimEnd());
    }

    [Theory]
    [InlineData("http")]
    [InlineData("65536")]
    [InlineData("-1")]
    public async Task APortThatIsNoneIsToldBeforeAnythingStarts(string value)
    {
        var (code, output, errors) = await RunAsync([], name => name == "WEB_PORT" ? value : FreePorts(name));
        Assert.Equal((1, ""), (code, output));
        Assert.StartsWith($"backends: WEB_PORT='{value}' is not a port", errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task TheProgramRunsAllThreeAndEndsCleanlyOnSigtermInTheMiddleOfACall()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Windows has no SIGTERM");
        var start = new ProcessStartInfo(Environment.ProcessPath is { } host && Path.GetFileNameWithoutExtension(host) == "dotnet" ? host : "dotnet",
            [Path.Combine(AppContext.BaseDirectory, "backends.dll")])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            Environment = { ["VOICE_PORT"] = "0", ["VIDEO_PORT"] = "0", ["WEB_PORT"] = "0" },
        };
        using var process = Process.Start(start)!;
        try
        {
            var addresses = new Dictionary<string, Uri>();
            while (addresses.Count < 3)
            {
                var line = await process.StandardOutput.ReadLineAsync(Cancel).AsTask().WaitAsync(TimeSpan.FromSeconds(60), Cancel);
                var match = Line().Match(line ?? "");
                Assert.True(match.Success, $"'{line}' {(line is null ? await process.StandardError.ReadToEndAsync(Cancel) : "")}");
                addresses[match.Groups[1].Value] = new Uri(match.Groups[2].Value);
            }
            Assert.Equal(["voice", "video", "web"], addresses.Keys);
            using var call = new ClientWebSocket();
            await call.ConnectAsync(new UriBuilder(addresses["video"]) { Scheme = "ws", Path = "/ws/video" }.Uri, Cancel);

            using var kill = Process.Start("kill", ["-TERM", $"{process.Id}"]);
            await process.WaitForExitAsync(Cancel).WaitAsync(TimeSpan.FromSeconds(30), Cancel);
            Assert.Equal(0, process.ExitCode);
            Assert.Equal("", await process.StandardError.ReadToEndAsync(Cancel));
        }
        finally
        {
            if (!process.HasExited)
            {
                process.Kill(entireProcessTree: true);
            }
        }
    }

    private static string? FreePorts(string name) => name.EndsWith("_PORT", StringComparison.Ordinal) ? "0" : null;

    private static async Task<(int Code, string Output, string Errors)> RunAsync(string[] args, Func<string, string?> environment)
    {
        using var output = new StringWriter();
        using var errors = new StringWriter();
        var code = await new BackendsCommand(environment, output, errors).RunAsync(args, Cancel).WaitAsync(TimeSpan.FromSeconds(30), Cancel);
        return (code, output.ToString(), errors.ToString());
    }

    [GeneratedRegex("^(voice|video|web) +(http://127.0.0.1:[0-9]+)  .+")]
    private static partial Regex Line();
}
