using Gateway.Acme;
using Gateway.Certificates.Automatic;
using Gateway.EndToEnd.Harness;

namespace Gateway.EndToEnd.Acme;

/// <summary>What an operator does about certificates: <c>gateway cert</c> beside a running gateway, and changes of its file.</summary>
public sealed class CommandTests
{
    private const string Name = "www.example.com";

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task ARenewalUnderLoadDisturbsNobody()
    {
        using var folder = new TestFolder();
        var (https, http) = (Ports.Free(), Ports.Free());
        await using var service = await EchoService.StartAsync();
        await using var pebble = await Pebble.StartAsync(new PebbleOptions { HttpPort = http, TlsPort = https });
        await using var gateway = await GatewayProcess.RunAsync(folder, AcmeGateway.Json(folder, pebble, https, http, Name).To(service.Address));
        using var first = await gateway.WaitForCertificateAsync(Name, null, Token);
        using var load = new Load(https, Name, await pebble.RootAsync(0, Token));

        // 1. Fifty open WebSockets and 200 requests a second, each second one on a connection of its own.
        await load.OpenWebSocketsAsync(50, Token);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Token);
        var requests = load.SendAsync(perSecond: 200, stop.Token);

        // 2. Two renewals meanwhile.
        var last = first.Thumbprint;
        for (var renewal = 0; renewal < 2; renewal++)
        {
            var result = await CertAsync(folder, "renew", Name);
            Assert.True(result.ExitCode == 0, result.ToString());
            Assert.Contains($"{Name}: renewed. The new certificate is served: issued by Pebble", result.Output);
            using var next = await AcmeGateway.ServedAsync(https, Name, Token);
            Assert.NotEqual(last, next!.Thumbprint);
            last = next.Thumbprint;
        }

        await Task.Delay(TimeSpan.FromSeconds(2), Token);
        await stop.CancelAsync();
        var (succeeded, failed) = await requests;
        Assert.Empty(failed);
        Assert.True(succeeded > 200, $"{succeeded} requests");

        // 3. Every WebSocket still carries messages.
        await load.AssertAliveAsync(Token);
    }

    [Fact]
    public async Task ADryRunAsksTheStagingServerAloneAndChangesNothing()
    {
        using var folder = new TestFolder();
        var (https, http) = (Ports.Free(), Ports.Free());
        await using var pebble = await Pebble.StartAsync(new PebbleOptions { HttpPort = http, TlsPort = https });
        await using var staging = await Pebble.StartAsync(new PebbleOptions { HttpPort = http, TlsPort = https });
        var json = AcmeGateway.Json(folder, pebble, https, http, Name);
        var root = folder.Write("staging.pem", staging.Roots.ExportCertificatePems());
        var issuer = json.Root["Gateway"]!["Acme"]!["Issuers"]![0]!;
        issuer["StagingUrl"] = staging.DirectoryUrl.AbsoluteUri;
        issuer["TrustedRoots"]!.AsArray().Add(root);
        await using var gateway = await GatewayProcess.RunAsync(folder, json);
        using var first = await gateway.WaitForCertificateAsync(Name, null, Token);
        var layout = new AcmeFolder(folder.State);
        await gateway.Program.WaitForLineAsync($"Certificate for {Name} obtained");
        var before = Production(layout, pebble);

        var result = await CertAsync(folder, "renew", "--dry-run");
        Assert.True(result.ExitCode == 0, result.ToString());
        Assert.Contains($"{Name}: the dry run succeeded.", result.Output);
        Assert.Equal((1, 1), (pebble.OrdersPlaced, staging.OrdersPlaced));
        Assert.Equal(before, Production(layout, pebble));
        using var served = await AcmeGateway.ServedAsync(https, Name, Token);
        Assert.Equal(first.Thumbprint, served!.Thumbprint);

        var shown = await CertAsync(folder, "show");
        Assert.Matches(@"last dry run: +\d.*: succeeded", shown.Output);
    }

    [Fact]
    public async Task ARevokedCertificateIsReplacedAtOnce()
    {
        using var folder = new TestFolder();
        var (https, http) = (Ports.Free(), Ports.Free());
        await using var pebble = await Pebble.StartAsync(new PebbleOptions { HttpPort = http, TlsPort = https });
        await using var gateway = await GatewayProcess.RunAsync(folder, AcmeGateway.Json(folder, pebble, https, http, Name));
        using var first = await gateway.WaitForCertificateAsync(Name, null, Token);

        var result = await CertAsync(folder, "revoke", Name, "--reason", "KeyCompromise");
        Assert.True(result.ExitCode == 0, result.ToString());
        Assert.Equal(("Revoked", 1), await pebble.StatusAsync(first, Token));
        using var second = await AcmeGateway.ServedAsync(https, Name, Token);
        Assert.NotEqual(first.Thumbprint, second!.Thumbprint);
        Assert.Equal(("Valid", 0), await pebble.StatusAsync(second, Token));
    }

    [Fact]
    public async Task AFailureIsToldWithItsRemedyAndAnExitCode()
    {
        using var folder = new TestFolder();

        // The CA comes to ports where nobody listens.
        await using var pebble = await Pebble.StartAsync(new PebbleOptions { HttpPort = Ports.Free(), TlsPort = Ports.Free() });
        await using var gateway = await GatewayProcess.RunAsync(folder, AcmeGateway.Json(folder, pebble, Ports.Free(), Ports.Free(), Name));
        await gateway.Program.WaitForLineAsync("not obtained");

        var result = await CertAsync(folder, "renew", Name);
        Assert.Equal(1, result.ExitCode);
        Assert.Contains($"{Name}: not renewed", result.Error);
        Assert.Matches("what to do: +(Port 80|Port 443) of www.example.com does not lead to this gateway", result.Error);
        Assert.Matches(@"next attempt: \d{4}-\d\d-\d\d \d\d:\d\d UTC \(", result.Error);

        var shown = await CertAsync(folder, "show");
        Assert.Contains("none yet; until it is there a temporary one is served", shown.Output);
        Assert.Matches("last error: +Could not .*connection", shown.Output);
    }

    [Fact]
    public async Task WithoutARunningGatewayItSaysWhatToStart()
    {
        using var folder = new TestFolder();
        await using var pebble = await Pebble.StartAsync(new PebbleOptions { HttpPort = Ports.Free(), TlsPort = Ports.Free() });
        folder.Write("gateway.json", AcmeGateway.Json(folder, pebble, Ports.Free(), Ports.Free(), Name).ToString());
        var result = await CertAsync(folder, "renew");
        Assert.Equal(1, result.ExitCode);
        Assert.Contains($"No gateway has run with automatic certificates on the state directory {folder.State}. Start it", result.Error);
    }

    [Fact]
    public async Task AnotherUserIsToldWhoMayAsk()
    {
        using var folder = new TestFolder();
        var (https, http) = (Ports.Free(), Ports.Free());
        await using var pebble = await Pebble.StartAsync(new PebbleOptions { HttpPort = http, TlsPort = https });
        await using var gateway = await GatewayProcess.RunAsync(folder, AcmeGateway.Json(folder, pebble, https, http, Name));
        using var first = await gateway.WaitForCertificateAsync(Name, null, Token);
        var environment = new Dictionary<string, string?> { ["GATEWAY_Gateway__StateDirectory"] = folder.State };

        // As the gateway made it, and as systemd does.
        foreach (var mode in new[] { (UnixFileMode)0b111_101_101, (UnixFileMode)0b111_000_000 })
        {
            File.SetUnixFileMode(folder.State, mode);
            foreach (var verb in new string[][] { ["renew"], ["revoke", Name], ["show"] })
            {
                var result = await OrdinaryUser.RunGatewayAsync(folder, environment, ["cert", .. verb, "--config", folder["gateway.json"]]);
                Assert.True(result.ExitCode == 1, result.ToString());
                Assert.Contains($"The state directory {folder.State} is closed to this user", result.Error);
                Assert.Contains($"sudo gateway cert {verb[0]}", result.Error);
            }
        }

        Assert.Equal(1, pebble.OrdersPlaced);
    }

    [Fact]
    public async Task NamesComeAndGoWithTheFile()
    {
        using var folder = new TestFolder();
        var (https, http) = (Ports.Free(), Ports.Free());
        await using var service = await EchoService.StartAsync();
        await using var pebble = await Pebble.StartAsync(new PebbleOptions { HttpPort = http, TlsPort = https });
        GatewayJson Json(params string[] names) => AcmeGateway.Json(folder, pebble, https, http, names).To(service.Address);

        // 1. A gateway that has no name yet, and a call that goes on through all of it.
        await using var gateway = await GatewayProcess.RunAsync(folder, Json());
        folder.Write("gateway.json", Json(Name).ToString());
        using var first = await gateway.WaitForCertificateAsync(Name, null, Token);
        using var load = new Load(https, Name, await pebble.RootAsync(0, Token));
        await load.OpenWebSocketsAsync(3, Token);

        // 2. One more.
        folder.Write("gateway.json", Json(Name, "api.example.com").ToString());
        using var second = await gateway.WaitForCertificateAsync("api.example.com", null, Token);
        using (var still = await AcmeGateway.ServedAsync(https, Name, Token))
        {
            Assert.Equal(first.Thumbprint, still!.Thumbprint);
        }

        // 3. And without it.
        folder.Write("gateway.json", Json(Name).ToString());
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(Token);
        limit.CancelAfter(TimeSpan.FromMinutes(1));
        while ((await AcmeGateway.ServedAsync(https, "api.example.com", limit.Token))?.Thumbprint == second.Thumbprint)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(100), limit.Token);
        }

        await load.AssertAliveAsync(Token);
        Assert.Equal(2, pebble.OrdersPlaced);
        Assert.DoesNotContain("when the gateway is restarted", gateway.Program.All.Text);
    }

    [Fact]
    public async Task CheckAndTheLogOfTheStartSayWhatIsObtainedFromWhom()
    {
        using var folder = new TestFolder();
        await using var pebble = await Pebble.StartAsync(new PebbleOptions { HttpPort = Ports.Free(), TlsPort = Ports.Free() });
        var json = AcmeGateway.Json(folder, pebble, Ports.Free(), Ports.Free(), Name);
        json.Set("Kestrel:Endpoints:https:Url", $"https://*:{json.HttpsPort}").Set("Kestrel:Endpoints:http:Url", $"http://*:{json.HttpPort}");
        await using var gateway = await GatewayProcess.RunAsync(folder, json);
        Assert.Contains($"at https://{Name}:{json.HttpsPort}", gateway.Program.All.Text);
        await gateway.Program.WaitForLineAsync($"Automatic certificate for {Name} from {pebble.DirectoryUrl}");

        var check = await RunningProgram.RunAsync(Repository.Gateway, ["check", "--config", folder["gateway.json"]], folder);
        Assert.Equal(0, check.ExitCode);
        Assert.Contains($"automatic, from {pebble.DirectoryUrl}; proved by http-01 (the CA comes to port 80), else tls-alpn-01 (the CA comes to port 443)", check.Output);
        Assert.DoesNotContain("none configured", check.Output);
    }

    private static Task<ProgramResult> CertAsync(TestFolder folder, params string[] arguments) => RunningProgram.RunAsync(
        Repository.Gateway, ["cert", .. arguments, "--config", folder["gateway.json"]], folder, timeout: TimeSpan.FromMinutes(4));

    private static Dictionary<string, string> Production(AcmeFolder layout, Pebble pebble) =>
        new[] { layout.IssuerFolder(pebble.DirectoryUrl), layout.Names }
            .SelectMany(path => Directory.GetFiles(path, "*", SearchOption.AllDirectories))
            .ToDictionary(path => path, File.ReadAllText);
}
