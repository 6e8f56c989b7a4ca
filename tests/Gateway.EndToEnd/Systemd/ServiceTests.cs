using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.WebSockets;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Gateway.EndToEnd.Doctor;
using Gateway.EndToEnd.Harness;

namespace Gateway.EndToEnd.Systemd;

/// <summary>The installed service under a real systemd: it stays up.</summary>
[Collection(Alone.Collection)]
public sealed partial class ServiceTests(InstalledGateway gateway) : IClassFixture<InstalledGateway>
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private Machine Machine => gateway.Machine;

    [Fact]
    public async Task IsReadyWhenItListensAndSaysHowItIs()
    {
        await gateway.InstallAsync();

        // Started means that it answers, without a retry.
        Assert.Equal(HttpStatusCode.OK, await gateway.AskAsync());
        Assert.Matches(StatusLine(), await Machine.PropertyAsync("StatusText"));
        var calls = await gateway.OpenCallsAsync(3);
        await UntilAsync(async () => (await Machine.PropertyAsync("StatusText")).StartsWith("3 calls, 1 certificate, next ", StringComparison.Ordinal));
        calls.ToList().ForEach(c => c.Abort());
        Assert.Equal("gateway", await Machine.RunAsync("stat", "-c", "%U", $"/proc/{await Machine.PropertyAsync("MainPID")}"));
        var security = await Machine.RunAsync("systemd-analyze", "security", "--no-pager", "gateway.service");
        Assert.InRange(double.Parse(Exposure().Match(security).Groups[1].Value, CultureInfo.InvariantCulture), 0, 2.0);
        Assert.DoesNotContain("Unknown", await Machine.RunAsync("systemd-analyze", "verify", "gateway.service"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task LosesNothingInTwentyReloadsTwentyRestartsAndAnUpgrade()
    {
        await gateway.InstallAsync();
        var calls = await gateway.OpenCallsAsync(100);
        await using var load = gateway.StartLoad();

        for (var i = 0; i < 20; i++)
        {
            await load.PassAsync(100, Cancellation);
            await Machine.WriteAsync("/etc/gateway/gateway.json", gateway.Configuration().Set("Gateway:Limits:MaxRequestBodySize", 1_000_000 + i).ToString());
            await Machine.RunAsync("systemctl", "reload", "gateway");
        }

        // Every call has gone on through all of them.
        await Task.WhenAll(calls.Select(EchoAsync));
        await Task.WhenAll(calls.Select(c => c.CloseAsync(WebSocketCloseStatus.NormalClosure, null, Cancellation)));
        for (var i = 0; i < 20; i++)
        {
            // Under load each time, not in what the restart before has held up.
            await load.PassAsync(300, Cancellation);
            await Machine.RunAsync("systemctl", "restart", "gateway.service");
        }

        // Another program, by a byte that nobody reads.
        await Machine.RunAsync("sh", "-c", "cp /opt/package/gateway /opt/package/newer && echo >> /opt/package/newer");
        await gateway.RunInstallerAsync("--binary", "/opt/package/newer");
        await load.PassAsync(300, Cancellation);
        var running = await Machine.RunAsync("stat", "-L", "-c", "%s", $"/proc/{await Machine.PropertyAsync("MainPID")}/exe");
        var result = await load.StopAsync();

        TestContext.Current.TestOutputHelper!.WriteLine(result.ToString());
        Assert.True(result is { Refused: 0, Truncated: 0, ServerErrors: 0 }, result.ToString());
        Assert.Equal(new FileInfo(Machine.Root + "/opt/package/newer").Length, long.Parse(running, CultureInfo.InvariantCulture));
        Assert.Equal("0", await Machine.PropertyAsync("NRestarts"));
    }

    [Fact]
    public async Task EndsAHundredCallsWith1012WhenItIsRestarted()
    {
        await gateway.InstallAsync(drain: TimeSpan.FromSeconds(1));
        var calls = await gateway.OpenCallsAsync(100);

        var restart = Machine.RunAsync("systemctl", "restart", "gateway.service");
        var closes = await Task.WhenAll(calls.Select(ReceiveCloseAsync));
        await restart;

        Assert.All(closes, close => Assert.Equal((1012, "service restart"), close));
        Assert.Contains("0 WebSockets ended by themselves, 100 were closed with 1012, 0 were cut", await Machine.JournalAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task EndsAtOnceAtASecondSigterm()
    {
        await gateway.InstallAsync(drain: TimeSpan.FromMinutes(5));
        var calls = await gateway.OpenCallsAsync(7);
        var process = await Machine.PropertyAsync("MainPID");

        await SignalAsync("TERM", process);
        await UntilAsync(async () => (await Machine.JournalAsync()).Contains("Stopping: 7 WebSockets are open and may go on for 00:05:00", StringComparison.Ordinal));
        Assert.Equal("deactivating", await Machine.PropertyAsync("ActiveState"));
        await SignalAsync("TERM", process);
        var told = Stopwatch.GetTimestamp();
        await UntilAsync(async () => (await Machine.TryAsync("test", "-e", $"/proc/{process}")).ExitCode != 0);

        Assert.InRange(Stopwatch.GetElapsedTime(told), TimeSpan.Zero, TimeSpan.FromSeconds(5));
        await UntilAsync(async () => (await Machine.JournalAsync()).Contains("Ended at once by a second signal (SIGTERM): 7 open WebSocket(s) were cut", StringComparison.Ordinal));
        // A call that nobody holds is closed by the garbage collector.
        GC.KeepAlive(calls);
    }

    [Fact]
    public async Task IsBackAtOnceWhenItWasKilled()
    {
        await gateway.InstallAsync();
        var times = new List<double>();
        while (times.Count < 10 && !times.Exists(time => time < 1))
        {
            var process = await Machine.PropertyAsync("MainPID");
            await SignalAsync("KILL", process);
            var killed = Stopwatch.GetTimestamp();
            Assert.Equal(HttpStatusCode.OK, await gateway.AskAsync());
            times.Add(Stopwatch.GetElapsedTime(killed).TotalSeconds);
            await UntilAsync(async () => await Machine.PropertyAsync("ActiveState") == "active");
            Assert.NotEqual(process, await Machine.PropertyAsync("MainPID"));
        }

        TestContext.Current.TestOutputHelper!.WriteLine(string.Join(" s, ", times));
        // The gateway's own start takes a quarter of it; a busy machine may hold up one, not ten.
        Assert.InRange(times.Min(), 0, 1);
    }

    [Fact]
    public async Task IsReplacedWhenItHangs()
    {
        await Machine.WriteAsync("/run/systemd/system/gateway.service.d/watchdog.conf", "[Service]\nWatchdogSec=3\n");
        await gateway.InstallAsync();
        var process = await Machine.PropertyAsync("MainPID");
        var began = Stopwatch.GetTimestamp();

        // It is fed: twice the time and more without a restart.
        await UntilAsync(() => Task.FromResult(Stopwatch.GetElapsedTime(began) > TimeSpan.FromSeconds(8)));
        Assert.Equal(process, await Machine.PropertyAsync("MainPID"));
        await SignalAsync("STOP", process);
        await UntilAsync(async () => await Machine.PropertyAsync("MainPID") is var now && now != process && now != "0");

        Assert.Equal(HttpStatusCode.OK, await gateway.AskAsync());
        Assert.Contains("Watchdog timeout", await Machine.JournalAsync(), StringComparison.Ordinal);
        await Machine.RunAsync("rm", "/run/systemd/system/gateway.service.d/watchdog.conf");
    }

    [Fact]
    public async Task AReloadOfAnInvalidFileFailsAndChangesNothing()
    {
        await gateway.InstallAsync();
        await Machine.WriteAsync("/etc/gateway/gateway.json", gateway.Configuration().Set("ReverseProxy:Clusters:service:Destinatons", "x").ToString());

        var reload = await Machine.TryAsync("systemctl", "reload", "gateway");

        Assert.Equal(1, reload.ExitCode);
        Assert.Contains("did you mean 'Destinations'?", await Machine.JournalAsync(), StringComparison.Ordinal);
        Assert.Equal("active", await Machine.PropertyAsync("ActiveState"));
        Assert.Equal(HttpStatusCode.OK, await gateway.AskAsync());
        await UntilAsync(async () => (await Machine.PropertyAsync("StatusText")).EndsWith("is not in force, see the log", StringComparison.Ordinal));
    }

    [Fact]
    public async Task TheDoctorFindsItWellAndWhatItSaysMendsWhatIsNot()
    {
        await gateway.InstallAsync();
        await Machine.WriteAsync("/etc/gateway/gateway.json", gateway.Configuration().Set("AllowedHosts", "localhost").ToString());
        await UntilAsync(async () => (await AskDoctorAsync()).StateOf("configuration") == "ok");

        // 1. The unit's user, sockets and folders are all as they should be.
        var answer = await AskDoctorAsync();
        Assert.Equal(("/etc/gateway/gateway.json", "run", "gateway"), (answer.Text("configuration"), answer.Text("mode"), answer.Text("user")));
        Assert.All(["configuration", "gateway", "certificates", "ports", "services", "websockets", "state", "unit"], check => Assert.True(answer.StateOf(check) == "ok", answer.ToString()));

        // 2. A unit of another version, a key of root's, a service that does not run, and another one's socket on its port.
        await Machine.RunAsync("systemctl", "stop", "gateway.socket", "gateway.service");
        await Machine.WriteAsync("/run/systemd/system/other.socket", "[Socket]\nListenStream=443\n");
        await Machine.WriteAsync("/run/systemd/system/other.service", "[Service]\nExecStart=/bin/cat\n");
        await Machine.RunAsync("systemctl", "start", "other.socket");
        await Machine.RunAsync("sed", "-i", "s/WatchdogSec=30/WatchdogSec=31/", "/etc/systemd/system/gateway.service");
        await Machine.RunAsync("gateway", "cert", "create", "--out", "/etc/gateway/tls", "--domain", "localhost");
        await Machine.WriteAsync("/etc/gateway/gateway.json", gateway.Configuration().Set("AllowedHosts", "localhost")
            .Set("Gateway:Certificates", new JsonArray(new JsonObject { ["Path"] = "/etc/gateway/tls/server.crt", ["KeyPath"] = "/etc/gateway/tls/server.key" })).ToString());
        var broken = await AskDoctorAsync();
        var denied = broken.TheError("certificates");
        Assert.Contains("cannot be read by user 'gateway', whom the gateway runs as", denied["what"]!.GetValue<string>(), StringComparison.Ordinal);
        Assert.Contains("the service gateway does not run: systemd says inactive", broken.TheError("gateway")["what"]!.GetValue<string>(), StringComparison.Ordinal);
        Assert.Contains("has WatchdogSec=31, lacks WatchdogSec=30", broken.Findings("unit")[0]!["what"]!.GetValue<string>(), StringComparison.Ordinal);

        Assert.Equal("port 443 is in use by systemd for other.service (unit other.socket)", broken.TheError("ports")["what"]!.GetValue<string>());

        // 3. What it says mends them.
        await DoAsync(broken.TheError("ports"));
        await DoAsync(denied);
        await DoAsync(broken.Findings("unit")[0]!);
        await DoAsync(broken.TheError("gateway"));
        var mended = await AskDoctorAsync();
        Assert.All(["configuration", "gateway", "certificates", "ports", "unit"], check => Assert.True(mended.StateOf(check) == "ok", mended.ToString()));
        Assert.Equal(HttpStatusCode.OK, await gateway.AskAsync());
    }

    [Fact]
    public async Task AnUpgradeThatDoesNotStartIsTakenBack()
    {
        await gateway.InstallAsync();
        // Says its version and accepts every configuration, and that is all.
        await Machine.WriteAsync("/opt/package/broken", "#!/bin/sh\ncase $1 in --version) echo 9.9 ;; check) ;; *) echo will not run; exit 1 ;; esac\n");

        var upgrade = await Machine.TryAsync("/opt/package/install.sh", "--binary", "/opt/package/broken");

        Assert.Equal(1, upgrade.ExitCode);
        Assert.Contains("will not run", upgrade.Error, StringComparison.Ordinal);
        Assert.Contains("the one before is back in place", upgrade.Error, StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.OK, await gateway.AskAsync());
    }

    [Fact]
    public async Task LeavesNothingButConfigurationAndStateWhenItIsUninstalled()
    {
        await gateway.InstallAsync();
        await gateway.RunInstallerAsync("--uninstall");

        var left = Directory.EnumerateFileSystemEntries(Machine.Changes, "*", SearchOption.AllDirectories)
            .Select(path => path[Machine.Changes.Length..])
            .Where(path => path.Contains("gateway", StringComparison.Ordinal) && !path.StartsWith("/opt/", StringComparison.Ordinal))
            // Deleted files of the Debian below are not there either, and what systemd itself keeps is not the gateway's.
            .Where(path => File.Exists(Machine.Root + path) || Directory.Exists(Machine.Root + path));
        // Whichever tests ran before on this machine may have left keys beside gateway.json.
        Assert.All(left, path => Assert.True($"{path}/".StartsWith("/etc/gateway/", StringComparison.Ordinal) || $"{path}/".StartsWith("/var/lib/gateway/", StringComparison.Ordinal), path));
        Assert.NotEqual(0, (await Machine.TryAsync("getent", "passwd", "gateway")).ExitCode);
        Assert.Empty((await Machine.TryAsync("systemctl", "list-unit-files", "--no-legend", "gateway*")).Output);
        Assert.Empty(await Machine.RunAsync("systemctl", "list-units", "--state=active,activating,failed", "--plain", "--no-legend", "gateway*"));
        Assert.Equal("root", await Machine.RunAsync("stat", "-c", "%U", "/var/lib/gateway"));

        // What is left is taken up again.
        await gateway.RunInstallerAsync("--binary", "/opt/package/gateway");
        Assert.Equal(HttpStatusCode.OK, await gateway.AskAsync());
    }

    // As root types it anywhere on the machine: it finds the service's configuration.
    private async Task<DoctorAnswer> AskDoctorAsync() =>
        new(JsonNode.Parse((await Machine.TryAsync("gateway", "doctor", "--json")).Output)!);

    private async Task DoAsync(JsonNode finding)
    {
        foreach (var command in finding["commands"]!.AsArray())
        {
            await Machine.RunAsync("sh", "-c", command!.GetValue<string>());
        }
    }

    private Task<string> SignalAsync(string signal, string process) => Machine.RunAsync("sh", "-c", $"kill -{signal} {process}");

    private static async Task EchoAsync(ClientWebSocket call)
    {
        await call.SendAsync("still there"u8.ToArray(), WebSocketMessageType.Text, true, Cancellation);
        var buffer = new byte[100];
        var answer = await call.ReceiveAsync(buffer, Cancellation);
        Assert.Equal(WebSocketMessageType.Text, answer.MessageType);
        Assert.Equal("still there"u8, buffer.AsSpan(0, answer.Count));
    }

    private static async Task<(int?, string?)> ReceiveCloseAsync(ClientWebSocket call)
    {
        await call.ReceiveAsync(new byte[100], Cancellation);
        return ((int?)call.CloseStatus, call.CloseStatusDescription);
    }

    private static async Task UntilAsync(Func<Task<bool>> isSo)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        limit.CancelAfter(TimeSpan.FromSeconds(60));
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(100));
        while (!await isSo())
        {
            await timer.WaitForNextTickAsync(limit.Token);
        }
    }

    [GeneratedRegex(@"^0 calls, 1 certificate, next expiry \d{4}-\d\d-\d\d$")]
    private static partial Regex StatusLine();

    [GeneratedRegex(@"Overall exposure level for gateway\.service: ([0-9.]+)")]
    private static partial Regex Exposure();
}
