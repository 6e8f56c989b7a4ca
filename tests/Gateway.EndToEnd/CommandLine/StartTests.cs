using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Gateway.EndToEnd.Harness;

namespace Gateway.EndToEnd.CommandLine;

/// <summary>How <c>gateway run</c> starts, and what it says when it cannot.</summary>
public sealed class StartTests : IDisposable
{
    private const int Failure = 1;

    private readonly TestFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task APortInUseNamesThePortAndTheProcessThatHoldsIt()
    {
        using var holder = new TcpListener(IPAddress.Loopback, 0);
        holder.Start();
        var port = ((IPEndPoint)holder.LocalEndpoint).Port;
        _folder.Write("gateway.json", new GatewayJson().Https(port).Http().To("http://127.0.0.1:3000").ToString());

        var result = await RunGatewayAsync("run");

        Assert.Equal(Failure, result.ExitCode);
        Assert.Contains($"port {port} is in use by", result.Error, StringComparison.Ordinal);
        Assert.Contains(Environment.ProcessId.ToString(CultureInfo.InvariantCulture), result.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", result.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task EveryPortInUseIsNamed()
    {
        using var first = new TcpListener(IPAddress.Loopback, 0);
        using var second = new TcpListener(IPAddress.Loopback, 0);
        first.Start();
        second.Start();
        var (https, http) = (((IPEndPoint)first.LocalEndpoint).Port, ((IPEndPoint)second.LocalEndpoint).Port);
        _folder.Write("gateway.json", new GatewayJson().Https(https).Http(http).To("http://127.0.0.1:3000").ToString());

        var result = await RunGatewayAsync("run");

        Assert.Equal(Failure, result.ExitCode);
        Assert.Contains($"port {https} is in use", result.Error, StringComparison.Ordinal);
        Assert.Contains($"port {http} is in use", result.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task APortBelow1024NamesTheThreeWaysOutToAnOrdinaryUser()
    {
        var first = int.Parse(await File.ReadAllTextAsync("/proc/sys/net/ipv4/ip_unprivileged_port_start", TestContext.Current.CancellationToken), CultureInfo.InvariantCulture);
        Require.That(first > 443, $"Here every user may use ports from {first}.");
        _folder.Write("gateway.json", new GatewayJson().Https(443).Http(80).To("http://127.0.0.1:3000").ToString());

        var result = await OrdinaryUser.RunGatewayAsync(_folder, null, "run");

        Assert.Equal(Failure, result.ExitCode);
        Assert.Contains("https://localhost:443", result.Error, StringComparison.Ordinal);
        Assert.Contains("http://localhost:80", result.Error, StringComparison.Ordinal);
        Assert.Contains("'nobody'", result.Error, StringComparison.Ordinal);
        Assert.Contains("systemd", result.Error, StringComparison.Ordinal);
        Assert.Contains("setcap cap_net_bind_service=+ep", result.Error, StringComparison.Ordinal);
        Assert.Contains("other ports", result.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", result.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task AFileWithoutEndpointsIsExplained()
    {
        _folder.Write("gateway.json", new GatewayJson().To("http://127.0.0.1:3000").ToString());

        var result = await RunGatewayAsync("run");

        Assert.Equal(Failure, result.ExitCode);
        Assert.Matches("Kestrel:Endpoints: .*no endpoint to serve", result.Error);
    }

    [Fact]
    public async Task EnableSslFalseServesPlainHttpWithoutRedirectAndSaysWhatStopsWorking()
    {
        await using var backends = await BackendsProcess.StartAsync(_folder);
        await using var gateway = await GatewayProcess.RunAsync(
            _folder, backends.Behind(new GatewayJson().Https().Http()), new Dictionary<string, string?> { ["ENABLE_SSL"] = "false" });
        using var client = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false, UseProxy = false });

        var warning = await gateway.Program.WaitForLineAsync("ENABLE_SSL=false");
        foreach (var port in new[] { gateway.HttpsPort, gateway.HttpPort })
        {
            var page = await client.GetAsync(new Uri($"http://localhost:{port}/"), TestContext.Current.CancellationToken);
            Assert.Equal(HttpStatusCode.OK, page.StatusCode);
        }

        Assert.Contains("\"@l\":\"Warning\"", warning, StringComparison.Ordinal);
        Assert.All(["microphone", "camera", "ws"], word => Assert.Contains(word, warning, StringComparison.Ordinal));
    }

    [Fact]
    public async Task ServesThePairOfCertCreateThatTheEnvironmentNames()
    {
        var created = await RunGatewayAsync("cert", "create", "--domain", "localhost", "--domain", "127.0.0.1");
        Assert.True(created.ExitCode == 0, created.ToString());
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(_folder["certs/server.key"]));
        await using var backends = await BackendsProcess.StartAsync(_folder);

        await using var gateway = await GatewayProcess.RunAsync(
            _folder,
            backends.Behind(new GatewayJson().Https()),
            new Dictionary<string, string?> { ["SSL_CERT_PATH"] = "certs/server.crt", ["SSL_KEY_PATH"] = "certs/server.key" });

        foreach (var host in new[] { "localhost", "127.0.0.1" })
        {
            var curl = await RunningProgram.RunAsync(
                Require.Tool("curl"),
                ["--silent", "--show-error", "--fail", "--cacert", _folder["certs/server.crt"], $"https://{host}:{gateway.HttpsPort}/"]);
            Assert.True(curl.ExitCode == 0, curl.ToString());
            Assert.Contains("call-start", curl.Output, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task ServesWithoutAskingWhomTheSystemTrusts()
    {
        // To read the store takes as long as all the rest of the start.
        var created = await RunGatewayAsync("cert", "create", "--domain", "localhost");
        Assert.True(created.ExitCode == 0, created.ToString());
        var store = _folder["store.pem"];
        File.Copy(_folder["certs/server.crt"], store);
        using var trusted = new OpenedFile(store);

        await using var gateway = await GatewayProcess.RunAsync(
            _folder,
            new GatewayJson().Https().To($"http://127.0.0.1:{Ports.Free()}"),
            new Dictionary<string, string?>
            {
                ["SSL_CERT_PATH"] = "certs/server.crt",
                ["SSL_KEY_PATH"] = "certs/server.key",
                ["SSL_CERT_FILE"] = store,
                ["SSL_CERT_DIR"] = _folder["nobody"],
            });

        var curl = await RunningProgram.RunAsync(
            Require.Tool("curl"), ["--silent", "--cacert", _folder["certs/server.crt"], "--write-out", "%{http_code}", "--output", "/dev/null", $"https://localhost:{gateway.HttpsPort}/"]);
        Assert.Equal("502", curl.Output.Trim());
        Assert.False(trusted.WasOpened());
    }

    [Fact]
    public async Task StopsOnSigtermWithSuccess()
    {
        await using var gateway = await GatewayProcess.RunAsync(_folder, new GatewayJson().Https().To("http://127.0.0.1:3000"));

        gateway.Program.Terminate();

        var result = await gateway.Program.WaitForExitAsync();
        Assert.True(result.ExitCode == 0, result.ToString());
        Assert.True(Ports.IsFree(gateway.HttpsPort!.Value));
    }

    private Task<ProgramResult> RunGatewayAsync(params string[] arguments) =>
        RunningProgram.RunAsync(Repository.Gateway, arguments, _folder);
}
