using System.Net;
using System.Text.Json;
using Gateway.Certificates;
using Gateway.Doctor;
using Gateway.Doctor.Checks;
using Gateway.Hosting;
using Gateway.Platform;
using Gateway.Tests.Certificates;

namespace Gateway.Tests.Doctor;

public sealed class TrustCheckTests : IDisposable
{
    private readonly Patient _patient = new();

    public void Dispose() => _patient.Dispose();

    [Fact]
    public async Task EveryStoreThatDoesNotTrustTheLocalCaIsNamedAndTheRepairInstallsIt()
    {
        _patient.Stores.AddRange([new Store("the system"), new Store("a browser") { IsTrusting = true }, new Store("another browser")]);
        Serve();

        var finding = await _patient.FindAsync(new TrustCheck());

        Assert.Equal(Severity.Error, finding.Severity);
        Assert.Equal("the local CA is not trusted by the system, nor by another browser", finding.What);
        Assert.Contains("gateway cert trust", Assert.Single(finding.Commands), StringComparison.Ordinal);
        Assert.Contains("the system: added", finding.Repair!(), StringComparison.Ordinal);
        Assert.Empty((await _patient.RunAsync(new TrustCheck())).Findings);
    }

    [Fact]
    public async Task ANameThatTheCertificateIsNotForIsFoundWithItsNames()
    {
        Serve();
        _patient.Mode = HostMode.Dev;
        _patient.Asked = new DnsEndPoint("192.168.1.20", 0);

        var finding = await _patient.FindAsync(new TrustCheck());

        Assert.Contains("https://192.168.1.20 shows is not for that name: it is for localhost", finding.What, StringComparison.Ordinal);
        Assert.Contains("gateway dev --lan", Assert.Single(finding.Commands), StringComparison.Ordinal);
    }

    [Fact]
    public async Task ACertificateThatVouchesForItselfIsAnError()
    {
        SelfSignedCertificate.Write(_patient.Folder.Path, ["chat.example.com"], 30, TimeProvider.System);

        var finding = await Files("server.crt", "server.key").FindAsync(new TrustCheck());

        Assert.Equal("the certificate for chat.example.com vouches for itself, and nothing here trusts it", finding.What);
    }

    [Fact]
    public async Task AChainWithoutItsIntermediateIsAnError()
    {
        var leaf = TestIssuer.Shared.Issue(["chat.example.com"]);
        _patient.Folder.Write("a.pem", leaf.ExportCertificatePem());
        Close(_patient.Folder.Write("a.key", TestIssuer.Key(leaf)));

        var finding = await Files("a.pem", "a.key").FindAsync(new TrustCheck());

        Assert.Contains("no intermediate certificate is served with it", finding.What, StringComparison.Ordinal);
        Assert.Contains("fullchain.pem", finding.Remedy, StringComparison.Ordinal);
    }

    private Patient Files(string certificate, string key) => _patient.Read($$"""
        {
          "Kestrel": { "Endpoints": { "https": { "Url": "https://*:8443" } } },
          "AllowedHosts": "chat.example.com",
          "Gateway": { "Certificates": [ { "Path": {{JsonSerializer.Serialize(_patient.Folder[certificate])}}, "KeyPath": {{JsonSerializer.Serialize(_patient.Folder[key])}} } ] }
        }
        """);

    private void Serve()
    {
        _patient.Read("""{ "Kestrel": { "Endpoints": { "https": { "Url": "https://*:8443" } } } }""");
        LocalAuthority.OpenOrCreate(_patient.State, TimeProvider.System).LeafFor(LocalNames.ForLoopback);
    }

    private static void Close(string path)
    {
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        }
    }

    private sealed class Store(string name) : ITrustStore
    {
        public bool IsTrusting { get; set; }

        public string Name => name;

        public bool Contains(TrustAnchor anchor) => IsTrusting;

        public TrustOutcome Install(TrustAnchor anchor)
        {
            IsTrusting = true;
            return new TrustOutcome(TrustStatus.Done, "added");
        }

        public TrustOutcome Remove(TrustAnchor anchor) => throw new NotSupportedException();
    }
}
