using Gateway.Certificates;
using Gateway.Platform;
using Gateway.Tests.Certificates;

namespace Gateway.Tests.Platform;

/// <summary>With the real programs, in folders of the test's own.</summary>
public sealed class TrustStoreTests : IDisposable
{
    private readonly TestFolder _folder = new();
    private readonly TrustAnchor _anchor;

    public TrustStoreTests() => _anchor = LocalAuthority.OpenOrCreate(_folder["state"], TimeProvider.System).Anchor;

    private string Bundle => _folder["etc/ca-certificates.crt"];

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task DebiansStoreTakesTheRootAndGivesItBack()
    {
        var store = DebianStore();
        var installed = store.Install(_anchor);
        Assert.Equal((TrustStatus.Done, true), (installed.Status, store.Contains(_anchor)));
        Assert.True(File.Exists(_folder[$"local/{_anchor.FileName}.crt"]));
        Assert.Equal(TrustStatus.Unchanged, store.Install(_anchor).Status);

        var (exitCode, output) = await ExternalTool.RunAsync("openssl", "verify", "-no-CApath", "-CAfile", Bundle, _anchor.Path);
        Assert.True(exitCode == 0, output);

        Assert.Equal((TrustStatus.Done, false), (store.Remove(_anchor).Status, store.Contains(_anchor)));
        Assert.Equal(TrustStatus.Unchanged, store.Remove(_anchor).Status);
        Assert.DoesNotContain(Directory.GetFiles(_folder["etc"]), path => Path.GetFileName(path).StartsWith("gateway", StringComparison.Ordinal));
    }

    [Fact]
    public void AnUpdateThatFailsIsSaid()
    {
        Directory.CreateDirectory(_folder["local"]);
        var store = new LinuxSystemStore("Test", _folder["local"], ".crt", Bundle, ["false"], ["false"]);
        var outcome = store.Install(_anchor);
        Assert.Equal(TrustStatus.Failed, outcome.Status);
        Assert.Equal(["sudo false"], outcome.Commands);
    }

    [Fact]
    public void AProgramThatIsMissingIsSaid()
    {
        Directory.CreateDirectory(_folder["local"]);
        var store = new LinuxSystemStore("Test", _folder["local"], ".crt", Bundle, ["no-such-program"], []);
        Assert.Contains("there is no such program", store.Install(_anchor).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ChromiumsDatabaseIsMadeAndTrustsTheRoot()
    {
        await ExternalTool.RunAsync("certutil", "-H");
        var database = Assert.Single(NssDatabase.FindAll(_folder.Path));
        Assert.Equal(TrustStatus.Done, database.Install(_anchor).Status);
        Assert.True(database.Contains(_anchor));
        Assert.Equal(TrustStatus.Unchanged, database.Install(_anchor).Status);

        var (_, listing) = await ExternalTool.RunAsync("certutil", "-L", "-d", "sql:" + _folder[".pki/nssdb"]);
        Assert.Matches($@"{_anchor.Certificate.Thumbprint[..8].ToLowerInvariant()}\s+C,,", listing);

        Assert.Equal(TrustStatus.Done, database.Remove(_anchor).Status);
        Assert.False(database.Contains(_anchor));
        Assert.Equal(TrustStatus.Unchanged, database.Remove(_anchor).Status);
    }

    [Fact]
    public async Task FirefoxProfilesAreFoundWhereverTheyLie()
    {
        foreach (var profile in new[] { ".mozilla/firefox/abc.default", "snap/firefox/common/.mozilla/firefox/def.default" })
        {
            Directory.CreateDirectory(_folder[profile]);
            await ExternalTool.RunAsync("certutil", "-N", "--empty-password", "-d", "sql:" + _folder[profile]);
        }

        Directory.CreateDirectory(_folder[".mozilla/firefox/Crash Reports"]);
        var databases = NssDatabase.FindAll(_folder.Path).Where(database => database.Name.StartsWith("Firefox", StringComparison.Ordinal)).ToList();
        Assert.Equal(2, databases.Count);
        Assert.All(databases, database => Assert.Equal(TrustStatus.Done, database.Install(_anchor).Status));
        Assert.All(databases, database => Assert.True(database.Contains(_anchor)));
    }

    [Fact]
    public void NothingIsMadeToTakeARootOut()
    {
        var database = Assert.Single(NssDatabase.FindAll(_folder.Path));
        Assert.Equal(TrustStatus.Unchanged, database.Remove(_anchor).Status);
        Assert.False(Directory.Exists(_folder[".pki"]));
    }

    [Fact]
    public void ARootThatNobodyInstalledIsNotTrusted() => Assert.False(_anchor.IsTrustedBySystem());

    [Fact]
    public void WordsAreQuotedForTheShellWhereNeeded() =>
        Assert.Equal("cp '/home/a b/it'\\''s.crt' /etc/x", ExternalCommand.ForShell("cp", "/home/a b/it's.crt", "/etc/x"));

    private LinuxSystemStore DebianStore()
    {
        Assert.SkipUnless(File.Exists("/usr/sbin/update-ca-certificates") && File.Exists("/etc/debian_version"), "needs Debian's update-ca-certificates");
        foreach (var folder in new[] { "local", "etc", "hooks", "certs" })
        {
            Directory.CreateDirectory(_folder[folder]);
        }

        File.WriteAllText(_folder["certs/other.crt"], TestIssuer.Shared.Root.ExportCertificatePem());
        string[] update =
        [
            "/usr/sbin/update-ca-certificates",
            "--certsconf", _folder.Write("conf", "other.crt\n"), "--certsdir", _folder["certs"], "--localcertsdir", _folder["local"],
            "--etccertsdir", _folder["etc"], "--hooksdir", _folder["hooks"],
        ];
        return new LinuxSystemStore("Debian", _folder["local"], ".crt", Bundle, update, [.. update, "--fresh"]);
    }
}
