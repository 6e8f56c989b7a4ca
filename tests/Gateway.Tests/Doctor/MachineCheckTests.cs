using System.Net;
using System.Net.Sockets;
using Gateway.Configuration;
using Gateway.Doctor;
using Gateway.Doctor.Checks;
using Gateway.Hosting;
using Gateway.Platform;
using Gateway.Tests.Hosting;

namespace Gateway.Tests.Doctor;

/// <summary>Ports, DNS, clock, state directory and limits.</summary>
public sealed class MachineCheckTests : IDisposable
{
    private static readonly IPAddress Here = IPAddress.Parse("203.0.113.7");
    private static readonly IPAddress Elsewhere = IPAddress.Parse("198.51.100.9");

    private readonly Patient _patient = new();

    public void Dispose() => _patient.Dispose();

    [Fact]
    public async Task APortThatAnotherProcessHasIsFoundWithItsNameAndNumber()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Who has a port is told from /proc.");
        using var taken = new TcpListener(IPAddress.Loopback, 0);
        taken.Start();
        var port = ((IPEndPoint)taken.LocalEndpoint).Port;
        _patient.Configuration = _patient.Configuration.WithEndpoint("https", $"https://127.0.0.1:{port}");

        var finding = await _patient.FindAsync(new PortCheck());

        Assert.Contains($"port {port} is in use by ", finding.What, StringComparison.Ordinal);
        Assert.Contains($"(process {Environment.ProcessId})", finding.What, StringComparison.Ordinal);
        Assert.NotEmpty(finding.Commands);
        // The gateway's own is no problem.
        _patient.ProcessId = Environment.ProcessId;
        Assert.Empty((await _patient.RunAsync(new PortCheck())).Findings);
    }

    [Fact]
    public async Task APortOfAnotherAddressIsNotInTheWay()
    {
        using var taken = new TcpListener(IPAddress.Parse("127.0.0.2"), 0);
        taken.Start();
        _patient.Configuration = _patient.Configuration.WithEndpoint("https", $"https://127.0.0.1:{((IPEndPoint)taken.LocalEndpoint).Port}");

        Assert.Empty((await _patient.RunAsync(new PortCheck())).Findings);
    }

    [Fact]
    public async Task AGatewayThatDoesNotListenWhereItShouldIsFound()
    {
        using var free = new TcpListener(IPAddress.Loopback, 0);
        free.Start();
        var port = ((IPEndPoint)free.LocalEndpoint).Port;
        free.Stop();
        _patient.Configuration = _patient.Configuration.WithEndpoint("https", $"https://127.0.0.1:{port}");
        _patient.ProcessId = Environment.ProcessId;

        Assert.Contains("the gateway runs, but nothing listens on", (await _patient.FindAsync(new PortCheck())).What, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ADomainThatLeadsHereIsWell()
    {
        (Domain().Dns["chat.example.com"], _patient.Addresses) = ([Here], [Here]);

        Assert.Empty((await _patient.RunAsync(new DnsCheck())).Findings);
    }

    [Fact]
    public async Task ADomainThatDnsDoesNotKnowIsFoundWithTheRecordToAdd()
    {
        Domain().Addresses = [IPAddress.Parse("10.0.0.5"), Here];

        var finding = await _patient.FindAsync(new DnsCheck());

        Assert.Equal("DNS does not know chat.example.com", finding.What);
        Assert.Equal("chat.example.com. A 203.0.113.7", finding.Write);
    }

    [Fact]
    public async Task ADomainThatLeadsElsewhereIsAnError()
    {
        (Domain().Dns["chat.example.com"], _patient.Addresses) = ([Elsewhere], [Here]);

        var finding = await _patient.FindAsync(new DnsCheck());

        Assert.Equal((Severity.Error, "chat.example.com leads to 198.51.100.9, which is not this machine (203.0.113.7)"), (finding.Severity, finding.What));
    }

    [Fact]
    public async Task AnOldAaaaRecordIsAnError()
    {
        (Domain().Dns["chat.example.com"], _patient.Addresses) = ([Here, IPAddress.Parse("2001:db8::9")], [Here]);

        Assert.Contains("delete the AAAA record", (await _patient.FindAsync(new DnsCheck())).Remedy, StringComparison.Ordinal);
    }

    [Fact]
    public async Task BehindARouterItIsNotClaimedToBeWrong()
    {
        (Domain().Dns["chat.example.com"], _patient.Addresses) = ([Elsewhere], [IPAddress.Parse("192.168.1.20")]);

        Assert.DoesNotContain((await _patient.RunAsync(new DnsCheck())).Findings, f => f.Severity == Severity.Error);
    }

    [Fact]
    public async Task ALineInTheHostsFileSaysNothing()
    {
        (Domain().Dns["chat.example.com"], _patient.Addresses) = ([IPAddress.Loopback], [Here]);

        Assert.Equal(Severity.Unknown, (await _patient.FindAsync(new DnsCheck())).Severity);
    }

    [Fact]
    public void AClockThatDiffersIsAnErrorWhateverTheKernelSays()
    {
        var finding = Assert.Single(ClockCheck.Judge(true, [("ca.example.com", TimeSpan.FromHours(26))]).Findings);

        Assert.Equal("this machine's clock is 1.02:00:00 behind that of ca.example.com", finding.What);
    }

    [Fact]
    public void AClockIsRightByTheKernelOrByOthers()
    {
        Assert.Empty(ClockCheck.Judge(true, []).Findings);
        Assert.Equal("within 2 s of ca.example.com", ClockCheck.Judge(false, [("ca.example.com", TimeSpan.FromSeconds(-1.5))]).Summary);
        Assert.Equal(Severity.Unknown, Assert.Single(ClockCheck.Judge(false, []).Findings).Severity);
        Assert.Equal(Severity.Unknown, Assert.Single(ClockCheck.Judge(null, []).Findings).Severity);
    }

    [Fact]
    public async Task TheClockOfAnAcmeServerIsAsked()
    {
        await using var ca = await Acme.Fake.FakeAcmeServer.StartAsync();
        var root = _patient.Folder.Write("ca.pem", ca.Roots[0].ExportCertificatePem());
        _patient.Clock = new Microsoft.Extensions.Time.Testing.FakeTimeProvider(TimeProvider.System.GetUtcNow().AddHours(3));
        _patient.Configuration = _patient.Configuration with { Acme = new AcmeOptions { DomainNames = ["a.test"], Issuers = [new AcmeIssuerOptions(ca.DirectoryUrl) { TrustedRoots = [root] }] } };

        Assert.Contains("ahead of that of", (await _patient.FindAsync(new ClockCheck())).What, StringComparison.Ordinal);
    }

    [Fact]
    public async Task AStateDirectoryThatEverybodyCanEnterIsClosedByTheRepair()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Modes are of Unix.");
        Directory.CreateDirectory(_patient.State);
        SetMode(_patient.Folder.Path, "0755");
        SetMode(_patient.State, "0755");

        var finding = await _patient.FindAsync(new StateCheck());

        Assert.Contains("everybody on this machine can look into", finding.What, StringComparison.Ordinal);
        finding.Repair!();
        Assert.Empty((await _patient.RunAsync(new StateCheck())).Findings);
    }

    [Fact]
    public async Task AStateDirectoryOfAnotherUserIsAnError()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Users are told from /proc.");
        Directory.CreateDirectory(_patient.State);
        SetMode(_patient.Folder.Path, "0755");
        SetMode(_patient.State, "0700");
        _patient.User = new UnixUser("somebody", 987_654, [987_654]);

        var finding = await _patient.FindAsync(new StateCheck());

        Assert.Contains("user 'somebody', whom the gateway runs as, cannot write to", finding.What, StringComparison.Ordinal);
        Assert.EndsWith($"chown -R somebody: {_patient.State}", Assert.Single(finding.Commands), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(65536, 100, null)]
    [InlineData(1024, 100, "1024 files may be open at once, which is enough for 262 clients; Gateway:Limits:MaxConnections says 20000")]
    [InlineData(65536, 60000, "60000 of 65536 files are open")]
    public void LimitsAreComparedWithWhatIsPromised(long most, int open, string? what)
    {
        var result = LimitCheck.Judge(_patient.Examine(), most, open);

        Assert.Equal(what, result.Findings.SingleOrDefault()?.What);
    }

    [Fact]
    public async Task AServiceThatIsInstalledAndDoesNotRunIsAnError()
    {
        _patient.Folder.Write("gateway.service", UnitCheck.Shipped("gateway.service")!);
        _patient.Unit = ServiceUnit.Find([_patient.Folder.Path]);

        Assert.StartsWith("the service gateway does not run", (await _patient.FindAsync(new RunningCheck())).What, StringComparison.Ordinal);
    }

    [Fact]
    public async Task OnADevelopersMachineNoGatewayIsNoError()
    {
        _patient.Mode = HostMode.Dev;

        var result = await _patient.RunAsync(new RunningCheck());

        Assert.False(result.Applies);
        Assert.Contains("none runs; start it with: gateway dev", result.Summary, StringComparison.Ordinal);
    }

    private Patient Domain() => _patient.Read("""
        { "Kestrel": { "Endpoints": { "https": { "Url": "https://*:443" } } }, "AllowedHosts": "chat.example.com" }
        """);

    private static void SetMode(string path, string octal)
    {
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(path, (UnixFileMode)Convert.ToInt32(octal, 8));
        }
    }
}
