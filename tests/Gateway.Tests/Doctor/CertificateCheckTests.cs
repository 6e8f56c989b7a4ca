using System.Text.Json;
using Gateway.Doctor;
using Gateway.Doctor.Checks;
using Gateway.Platform;
using Gateway.Tests.Certificates;

namespace Gateway.Tests.Doctor;

public sealed class CertificateCheckTests : IDisposable
{
    private static readonly DateTimeOffset Now = TimeProvider.System.GetUtcNow();

    private readonly Patient _patient = new();

    public void Dispose() => _patient.Dispose();

    [Fact]
    public async Task OneThatIsWellSaysItsNameAndEnd()
    {
        Write("a", Now.AddDays(-1), Now.AddDays(80));

        var result = await Configured("a.pem", "a.key").RunAsync(new CertificateCheck());

        Assert.Empty(result.Findings);
        Assert.Equal($"a.test until {Now.AddDays(80):yyyy-MM-dd}", result.Summary);
    }

    [Fact]
    public async Task AMissingPairOfTheKindThatWeMakeCanBeMade()
    {
        var finding = await Configured("server.crt", "server.key").FindAsync(new CertificateCheck());

        Assert.Contains("there is no such file", finding.What, StringComparison.Ordinal);
        Assert.Equal($"gateway cert create --out {_patient.Folder.Path} --domain localhost", Assert.Single(finding.Commands));
        Assert.StartsWith("made ", finding.Repair!(), StringComparison.Ordinal);
        Assert.Empty((await _patient.RunAsync(new CertificateCheck())).Findings);
    }

    [Fact]
    public async Task NothingIsMadeInThePlaceOfAFileThatIsThere()
    {
        _patient.Folder.Write("server.key", "of somebody");

        Assert.Null((await Configured("server.crt", "server.key").FindAsync(new CertificateCheck())).Repair);
    }

    [Fact]
    public async Task AKeyOfAnotherCertificateIsFoundWithTheOneThatFits()
    {
        Write("a", Now.AddDays(-1), Now.AddDays(80));
        Write("b", Now.AddDays(-1), Now.AddDays(80));

        var finding = await Configured("a.pem", "b.key").FindAsync(new CertificateCheck());

        Assert.Contains("the key does not belong to the certificate", finding.What, StringComparison.Ordinal);
        Assert.Equal($"\"KeyPath\": \"{_patient.Folder["a.key"]}\"", finding.Write);
        Assert.Equal($"\"KeyPath\": \"{_patient.Folder["b.key"]}\"", finding.InsteadOf);
        Assert.Contains("gateway.json(", finding.Place, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(-90, -3, Severity.Error, "expired ")]
    [InlineData(2, 90, Severity.Error, "is not valid before ")]
    [InlineData(-80, 5, Severity.Warning, "expires ")]
    public async Task ItsTimeIsLookedAt(int from, int until, object severity, string what)
    {
        Write("a", Now.AddDays(from), Now.AddDays(until));

        var finding = await Configured("a.pem", "a.key").FindAsync(new CertificateCheck());

        Assert.Equal(severity, finding.Severity);
        Assert.Contains(what, finding.What, StringComparison.Ordinal);
    }

    [Fact]
    public async Task AKeyThatEverybodyCanReadIsClosedByTheRepair()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Modes are of Unix.");
        Write("a", Now.AddDays(-1), Now.AddDays(80));
        Open(_patient.Folder.Path, UnixFileMode.OtherExecute);
        Open(_patient.Folder["a.key"], UnixFileMode.OtherRead);

        var finding = await Configured("a.pem", "a.key").FindAsync(new CertificateCheck());

        Assert.Equal($"chmod o= {_patient.Folder["a.key"]}", finding.Commands[0].Replace("sudo ", "", StringComparison.Ordinal));
        finding.Repair!();
        Assert.Empty((await _patient.RunAsync(new CertificateCheck())).Findings);
    }

    [Fact]
    public async Task AnotherUserThanWhoLooksMayNotReadIt()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Users are told from /proc.");
        Write("a", Now.AddDays(-1), Now.AddDays(80));
        _patient.User = new UnixUser("somebody", 987_654, [987_654]);

        var finding = await Configured("a.pem", "a.key").FindAsync(new CertificateCheck());

        Assert.Contains("cannot be read by user 'somebody', whom the gateway runs as", finding.What, StringComparison.Ordinal);
        // The folder is closed, and the key in it.
        Assert.Contains(finding.Commands, c => c.EndsWith($"chmod g+x {_patient.Folder.Path}", StringComparison.Ordinal));
        Assert.Contains(finding.Commands, c => c.EndsWith($"chmod g+r {_patient.Folder["a.key"]}", StringComparison.Ordinal));
    }

    [Fact]
    public async Task WithoutFilesTheLocalCaServesAndCanBeMade()
    {
        _patient.Read("""{ "Kestrel": { "Endpoints": { "https": { "Url": "https://*:8443" } } } }""");

        var finding = await _patient.FindAsync(new CertificateCheck());

        Assert.Contains("there is no local CA", finding.What, StringComparison.Ordinal);
        finding.Repair!();
        Assert.Equal("the local CA's, issued at the next start", (await _patient.RunAsync(new CertificateCheck())).Summary);
    }

    [Fact]
    public async Task ANameWhoseCertificateIsYetToComeIsAnError()
    {
        _patient.Read("""
            {
              "Kestrel": { "Endpoints": { "https": { "Url": "https://*:443" } } },
              "LettuceEncrypt": { "AcceptTermsOfService": true, "DomainNames": [ "chat.example.com" ] }
            }
            """);

        var finding = await _patient.FindAsync(new CertificateCheck());

        Assert.Equal("there is no certificate for chat.example.com yet", finding.What);
        Assert.Contains("the gateway obtains it when it runs", finding.Remedy, StringComparison.Ordinal);
    }

    private Patient Configured(string certificate, string key) => _patient.Read($$"""
        {
          "Kestrel": { "Endpoints": { "https": { "Url": "https://*:8443" } } },
          "Gateway": { "Certificates": [ { "Path": {{Json(certificate)}}, "KeyPath": {{Json(key)}} } ] }
        }
        """);

    private string Json(string name) => JsonSerializer.Serialize(_patient.Folder[name]);

    private void Write(string name, DateTimeOffset from, DateTimeOffset until)
    {
        var leaf = TestIssuer.Shared.Issue([$"{name}.test"], notBefore: from, notAfter: until);
        _patient.Folder.Write($"{name}.pem", TestIssuer.Shared.Chain(leaf));
        var key = _patient.Folder.Write($"{name}.key", TestIssuer.Key(leaf));
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(key, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        }
    }

    private static void Open(string path, UnixFileMode more)
    {
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(path, File.GetUnixFileMode(path) | more);
        }
    }
}
