using System.Text.Json.Nodes;
using Gateway.Acme;
using Gateway.Certificates.Automatic;
using Gateway.EndToEnd.Harness;

namespace Gateway.EndToEnd.Acme;

/// <summary>The whole way, from a state directory with nothing in it to a certificate of Let's Encrypt's test CA in the handshake.</summary>
public sealed class IssuanceTests
{
    private const string Name = "www.example.com";
    private const string BindingKey = "zWNDZM6eQGHWpSRTPal5eIUYFTu7EajVIoguysqZ9wG44nMEtx3MUAsUDkMTQ12W";

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("Http01", null)]
    [InlineData("Http01", 90)]
    [InlineData("TlsAlpn01", null)]
    [InlineData("TlsAlpn01", 90)]
    public async Task TheFirstCertificateComesByItself(string challengeType, int? rejectNonces)
    {
        using var folder = new TestFolder();
        var (https, http) = (Ports.Free(), Ports.Free());
        await using var pebble = await Pebble.StartAsync(new PebbleOptions { HttpPort = http, TlsPort = https, RejectNonces = rejectNonces });
        var json = AcmeGateway.Json(folder, pebble, https, http, Name, "127.0.0.1").Set("LettuceEncrypt:AllowedChallengeTypes", challengeType);
        await using var gateway = await GatewayProcess.RunAsync(folder, json);
        using var served = await gateway.WaitForCertificateAsync(Name, null, Token);
        Assert.True(served.MatchesHostname(Name));

        await gateway.Program.WaitForLineAsync("Certificate for 127.0.0.1 obtained");
        var layout = new AcmeFolder(folder.State);
        using var root = await pebble.RootAsync(0, Token);
        AcmeGateway.AssertChains(await File.ReadAllTextAsync(layout.Certificate(pebble.DirectoryUrl, AcmeIdentifier.Parse(Name)), Token), root);
        Assert.Equal(challengeType == "Http01" ? "http-01" : "tls-alpn-01", NameStates.Peek(layout, AcmeIdentifier.Parse(Name))!.ChallengeType);
    }

    [Fact]
    public async Task AWildcardComesThroughTheDnsHook()
    {
        using var folder = new TestFolder();
        var (https, http) = (Ports.Free(), Ports.Free());
        await using var pebble = await Pebble.StartAsync(new PebbleOptions { HttpPort = http, TlsPort = https });
        var hook = folder.Write("dns-hook", $$"""
            #!/bin/sh -e
            case "$1" in
              present) curl -fsS -d "{\"host\": \"$2.\", \"value\": \"$3\"}" {{pebble.DnsManagement}}/set-txt ;;
              cleanup) curl -fsS -d "{\"host\": \"$2.\"}" {{pebble.DnsManagement}}/clear-txt ;;
            esac
            """);
        File.SetUnixFileMode(hook, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        Require.Tool("curl");
        var json = AcmeGateway.Json(folder, pebble, https, http, "*.example.com").Set("Gateway:Acme:DnsHook", hook);
        await using var gateway = await GatewayProcess.RunAsync(folder, json);
        using var served = await gateway.WaitForCertificateAsync("any.example.com", null, Token);
        Assert.True(served.MatchesHostname("any.example.com"));
    }

    [Fact]
    public async Task AnAccountIsBoundAndAnAlternateRootChosen()
    {
        using var folder = new TestFolder();
        var (https, http) = (Ports.Free(), Ports.Free());
        await using var pebble = await Pebble.StartAsync(new PebbleOptions
        {
            HttpPort = http,
            TlsPort = https,
            AlternateRoots = 2,
            ExternalAccounts = new Dictionary<string, string> { ["kid-1"] = BindingKey },
        });
        using var root = await pebble.RootAsync(1, Token);
        var json = AcmeGateway.Json(folder, pebble, https, http, Name)
            .Set("LettuceEncrypt:EabCredentials:EabKeyId", "kid-1")
            .Set("LettuceEncrypt:EabCredentials:EabKey", BindingKey)
            .Set("Gateway:Acme:PreferredChain", root.GetNameInfo(System.Security.Cryptography.X509Certificates.X509NameType.SimpleName, false));
        await using var gateway = await GatewayProcess.RunAsync(folder, json);
        using var served = await gateway.WaitForCertificateAsync(Name, null, Token);
        AcmeGateway.AssertChains(await File.ReadAllTextAsync(new AcmeFolder(folder.State).Certificate(pebble.DirectoryUrl, AcmeIdentifier.Parse(Name)), Token), root);
    }

    [Fact]
    public async Task TwentyFiveNamesGetOneCertificateEach()
    {
        using var folder = new TestFolder();
        var (https, http) = (Ports.Free(), Ports.Free());
        await using var pebble = await Pebble.StartAsync(new PebbleOptions { HttpPort = http, TlsPort = https });
        string[] names = [.. Enumerable.Range(1, 25).Select(i => $"name{i}.example.com")];
        await using var gateway = await GatewayProcess.RunAsync(folder, AcmeGateway.Json(folder, pebble, https, http, names));
        foreach (var name in names)
        {
            using var served = await gateway.WaitForCertificateAsync(name, null, Token);
            Assert.True(served.MatchesHostname(name));
        }

        Assert.Equal(25, pebble.OrdersPlaced);
    }

    [Fact]
    public async Task TwoGatewaysOnOneStateDirectoryPlaceOneOrder()
    {
        using var folder = new TestFolder();
        var (https, http) = (Ports.Free(), Ports.Free());
        await using var pebble = await Pebble.StartAsync(new PebbleOptions { HttpPort = http, TlsPort = https });

        // The CA comes to the first gateway only, whichever of the two has placed the order.
        var json = AcmeGateway.Json(folder, pebble, https, http, Name).Set("LettuceEncrypt:AllowedChallengeTypes", "Http01");
        var other = AcmeGateway.Json(folder, pebble, Ports.Free(), Ports.Free(), Name).Set("LettuceEncrypt:AllowedChallengeTypes", "Http01");
        var otherPath = folder.Write("other.json", other.ToString());
        // Neither gets far before both are there, and the first answers challenges.
        await pebble.SuspendAsync();
        await using var first = await GatewayProcess.RunAsync(folder, json);
        await using var second = RunningProgram.Start(Repository.Gateway, ["run", "--config", otherPath], folder);
        await second.WaitForLineAsync(" (valid) at ");
        await pebble.ResumeAsync();
        using var served = await first.WaitForCertificateAsync(Name, null, Token);

        using var limit = CancellationTokenSource.CreateLinkedTokenSource(Token);
        limit.CancelAfter(TimeSpan.FromMinutes(2));
        while ((await AcmeGateway.ServedAsync(other.HttpsPort!.Value, Name, limit.Token))?.Thumbprint != served.Thumbprint)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(200), limit.Token);
        }

        Assert.Equal(1, pebble.OrdersPlaced);
    }

    [Fact]
    public async Task IsReadyToServeWhileThereIsNoCertificate()
    {
        using var folder = new TestFolder();
        await using var pebble = await Pebble.StartAsync(new PebbleOptions { HttpPort = Ports.Free(), TlsPort = Ports.Free() });
        await using var gateway = await GatewayProcess.RunAsync(folder, AcmeGateway.Json(folder, pebble, Ports.Free(), Ports.Free(), Name));
        var failure = await gateway.Program.WaitForLineAsync("not obtained");
        Assert.Contains("Port 80 of www.example.com does not lead to this gateway", failure);
        Assert.Contains("connection", failure);
        using var served = await AcmeGateway.ServedAsync(gateway.HttpsPort!.Value, Name, Token);
        Assert.Contains("Gateway local CA", served!.Issuer);
        Assert.Contains("temporary certificate of the local CA", gateway.Program.All.Text);
    }

    [Fact]
    public async Task FiftyKillsInARowWhileValidationFailsPlaceAtMostFiveOrders()
    {
        using var folder = new TestFolder();
        await using var pebble = await Pebble.StartAsync(new PebbleOptions { HttpPort = Ports.Free(), TlsPort = Ports.Free() });
        var json = AcmeGateway.Json(folder, pebble, Ports.Free(), Ports.Free(), Name);
        for (var start = 0; start < 50; start++)
        {
            await using var gateway = await GatewayProcess.RunAsync(folder, json);
            if (start == 0)
            {
                await gateway.Program.WaitForLineAsync("not obtained");
            }

            await Task.Delay(Random.Shared.Next(1000), Token);
        }

        Assert.InRange(pebble.OrdersPlaced, 1, 5);
    }

    // Kills that come at any moment of obtaining and storing: each next start reads what there is, and nothing was half written.
    [Fact]
    public async Task AKilledGatewayLeavesValidCertificates()
    {
        using var folder = new TestFolder();
        var (https, http) = (Ports.Free(), Ports.Free());
        await using var pebble = await Pebble.StartAsync(new PebbleOptions { HttpPort = http, TlsPort = https });
        string[] names = [.. Enumerable.Range(1, 10).Select(i => $"name{i}.example.com")];
        var json = AcmeGateway.Json(folder, pebble, https, http, names);
        var layout = new AcmeFolder(folder.State);
        var known = new HashSet<string>();
        for (var kill = 0; kill < 12; kill++)
        {
            await using (var gateway = await GatewayProcess.RunAsync(folder, json))
            {
                foreach (var name in known)
                {
                    using var served = await AcmeGateway.ServedAsync(https, name, Token);
                    Assert.Contains("Pebble", served!.Issuer);
                }

                // Every name at once, so that there is always something being written.
                foreach (var name in names)
                {
                    RenewalRequests.Ask(layout, AcmeIdentifier.Parse(name), dryRun: false);
                }

                await Task.Delay(TimeSpan.FromMilliseconds(Random.Shared.Next(500, 7000)), Token);
            }

            known.UnionWith(names.Where(name => File.Exists(layout.Certificate(pebble.DirectoryUrl, AcmeIdentifier.Parse(name)))));
            Assert.Empty(Directory.GetFiles(folder.State, "*.corrupt-*", SearchOption.AllDirectories));
        }

        Assert.NotEmpty(known);
    }
}
