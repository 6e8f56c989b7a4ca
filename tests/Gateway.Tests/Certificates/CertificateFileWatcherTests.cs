using System.Security.Cryptography.X509Certificates;
using Gateway.Certificates;
using Gateway.Configuration;
using Microsoft.Extensions.Time.Testing;

namespace Gateway.Tests.Certificates;

public sealed class CertificateFileWatcherTests : IDisposable
{
    private static readonly TestIssuer Issuer = TestIssuer.Shared;
    private static readonly TimeSpan Bound = TimeSpan.FromSeconds(20);

    private readonly TestFolder _folder = new();
    private readonly FakeTimeProvider _clock = new(TimeProvider.System.GetUtcNow());
    private readonly ListLogger<CertificateFileWatcher> _log = new();
    private readonly ServedCertificates _served;
    public CertificateFileWatcherTests() => _served = new ServedCertificates(_clock);

    private string CertificatePath => _folder["cert.pem"];

    private string KeyPath => _folder["key.pem"];

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void LoadsAllBeforeTheFirstHandshake()
    {
        var leaf = Replace();
        Watcher().LoadAll();
        Assert.Equal(leaf.Thumbprint, Served());
    }

    [Fact]
    public async Task ANewHandshakeSeesReplacedFilesWithinTwoSeconds()
    {
        var old = Replace();
        using var watcher = Watcher();
        watcher.LoadAll();
        await watcher.StartAsync(TestContext.Current.CancellationToken);
        await using var server = new TlsServer(() => _served.Table);
        Assert.Equal(old.Thumbprint, (await server.HandshakeAsync("a.test")).Leaf.Thumbprint);

        var replaced = Replace();

        // The service sets its timer on a thread of its own, so time may have to pass more than once until it is there.
        using var bound = new CancellationTokenSource(Bound);
        while (Served() != replaced.Thumbprint)
        {
            _clock.Advance(TimeSpan.FromSeconds(2));
            await Task.Delay(20, bound.Token);
        }

        Assert.Equal(replaced.Thumbprint, (await server.HandshakeAsync("a.test")).Leaf.Thumbprint);
        await watcher.StopAsync(TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task AnOpenConnectionGoesOnAfterTheSwap()
    {
        var old = Replace();
        var watcher = Started();
        await using var server = new TlsServer(() => _served.Table);
        using var client = new System.Net.Sockets.TcpClient();
        await client.ConnectAsync(System.Net.IPAddress.Loopback, server.Port, TestContext.Current.CancellationToken);
        await using var tls = new System.Net.Security.SslStream(client.GetStream(), false, (_, sent, _, _) => sent!.GetCertHashString() == old.Thumbprint);
        await tls.AuthenticateAsClientAsync("a.test");

        var replaced = Replace();
        Poll(watcher, 1);
        Assert.Equal(replaced.Thumbprint, Served());
        GC.Collect();
        GC.WaitForPendingFinalizers();

        await tls.WriteAsync("GET / HTTP/1.1\r\n\r\n"u8.ToArray(), TestContext.Current.CancellationToken);
        using var reader = new StreamReader(tls);
        Assert.StartsWith("HTTP/1.1 200", await reader.ReadLineAsync(TestContext.Current.CancellationToken), StringComparison.Ordinal);
    }

    [Fact]
    public void SeesThatALinkLeadsElsewhereAsCertbotDoes()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "symbolic links need rights on Windows");
        Directory.CreateDirectory(_folder["archive"]);
        var first = Issuer.Issue(["a.test"]);
        var second = Issuer.Issue(["a.test"]);
        foreach (var (leaf, i) in new[] { (first, 1), (second, 2) })
        {
            _folder.Write($"archive/cert{i}.pem", Issuer.Chain(leaf));
            _folder.Write($"archive/key{i}.pem", TestIssuer.Key(leaf));
        }

        // Of the same size and age: only the link itself tells.
        foreach (var file in Directory.GetFiles(_folder["archive"]))
        {
            File.SetLastWriteTimeUtc(file, _clock.GetUtcNow().UtcDateTime.AddDays(-1));
        }

        Link("cert.pem", "archive/cert1.pem");
        Link("key.pem", "archive/key1.pem");
        var watcher = Started();
        Assert.Equal(first.Thumbprint, Served());

        Link("cert.pem", "archive/cert2.pem");
        Link("key.pem", "archive/key2.pem");
        Poll(watcher, 1);
        Assert.Equal(second.Thumbprint, Served());
    }

    [Fact]
    public void SeesFilesThatAreRenamedIntoPlace()
    {
        Replace();
        var watcher = Started();
        var leaf = Issuer.Issue(["a.test"]);
        File.Move(_folder.Write("new-key", TestIssuer.Key(leaf)), KeyPath, overwrite: true);
        File.Move(_folder.Write("new-cert", Issuer.Chain(leaf)), CertificatePath, overwrite: true);
        Poll(watcher, 1);
        Assert.Equal(leaf.Thumbprint, Served());
    }

    [Fact]
    public void ABrokenPairLeavesTheOldOneServingAndIsSaidOnce()
    {
        var old = Replace();
        var watcher = Started();
        File.WriteAllText(KeyPath, TestIssuer.Key(Issuer.Issue(["a.test"])));

        Poll(watcher, 5);

        Assert.Equal(old.Thumbprint, Served());
        var error = Assert.Single(_log.Errors);
        Assert.Contains($"the key does not belong to the certificate in {CertificatePath}", error, StringComparison.Ordinal);
        Assert.Contains("name the key that the certificate was requested with", error, StringComparison.Ordinal);
        Assert.Contains($"expires {old.NotAfter.ToUniversalTime():u}", error, StringComparison.Ordinal);
    }

    [Fact]
    public void SaysWhenTheFilesCanBeServedAgain()
    {
        Replace();
        var watcher = Started();
        File.Delete(KeyPath);
        Poll(watcher, 2);
        Assert.Single(_log.Errors);

        var leaf = Replace();
        Poll(watcher, 1);
        Assert.Equal(leaf.Thumbprint, Served());
        Assert.Single(_log.Entries, entry => entry.Text.Contains("can be served again", StringComparison.Ordinal));
    }

    [Fact]
    public void AHalfWrittenFileIsNeitherServedNorComplainedAboutWhileItGrows()
    {
        var old = Replace();
        var watcher = Started();
        var leaf = Issuer.Issue(["a.test"]);
        var chain = Issuer.Chain(leaf);
        File.WriteAllText(KeyPath, TestIssuer.Key(leaf));
        for (var part = 1; part < 5; part++)
        {
            File.WriteAllText(CertificatePath, chain[..(chain.Length * part / 5)]);
            Poll(watcher, 1);
            Assert.Equal(old.Thumbprint, Served());
        }

        File.WriteAllText(CertificatePath, chain);
        Poll(watcher, 1);
        Assert.Equal(leaf.Thumbprint, Served());
        Assert.Empty(_log.Errors);
        Assert.Single(_served.Table.Certificates[0].Context.IntermediateCertificates);
    }

    [Fact]
    public void TakesUpAFileThatBecomesReadableWithoutBeingWritten()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "symbolic links need rights on Windows");
        var leaf = Replace();
        File.Move(KeyPath, _folder["elsewhere"]);
        Link("key.pem", "mount/key.pem");
        var watcher = Started();
        Assert.Empty(_served.Table.Certificates);

        Directory.CreateDirectory(_folder["mount"]);
        File.Move(_folder["elsewhere"], _folder["mount/key.pem"]);
        Poll(watcher, 1);
        Assert.Equal(leaf.Thumbprint, Served());
    }

    [Fact]
    public void AnUnchangedFileIsNotLoadedAgain()
    {
        Replace();
        var watcher = Started();
        Poll(watcher, 3);
        var table = _served.Table;
        File.SetLastWriteTimeUtc(CertificatePath, _clock.GetUtcNow().UtcDateTime.AddMinutes(1));
        Poll(watcher, 3);
        Assert.Same(table, _served.Table);
    }

    [Fact]
    public void WatchesFilesThatAreMissingAtTheStart()
    {
        var watcher = Started();
        Assert.Empty(_served.Table.Certificates);
        Poll(watcher, 2);
        Assert.Single(_log.Errors);
        var leaf = Replace();
        Poll(watcher, 1);
        Assert.Equal(leaf.Thumbprint, Served());
    }

    [Fact]
    public void AnUpdateKeepsAddsAndRemoves()
    {
        Replace();
        var other = Issuer.Issue(["b.test"]);
        var added = CertificateFileTests.Options(_folder.Write("b.pem", Issuer.Chain(other) + TestIssuer.Key(other)), null);
        var watcher = Watcher();
        watcher.LoadAll();
        var kept = _served.Table.Certificates[0];

        watcher.Update([Options, added]);
        Assert.Equal(["a.test", "b.test"], _served.Table.Certificates.SelectMany(certificate => certificate.DnsNames));
        Assert.Same(kept, _served.Table.Certificates[0]);

        watcher.Update([added]);
        Assert.Equal(["b.test"], _served.Table.Certificates.SelectMany(certificate => certificate.DnsNames));
    }

    [Fact]
    public void SaysThatACertificateHasExpired()
    {
        Replace(_clock.GetUtcNow().AddDays(-1));
        Watcher().LoadAll();
        Assert.Contains(_log.Entries, entry => entry.Text.Contains("clients refuse it", StringComparison.Ordinal));
        Assert.Single(_served.Table.Certificates);
    }

    private CertificateFileOptions Options => CertificateFileTests.Options(CertificatePath, KeyPath);

    private string? Served() => _served.Table.Select("a.test", null)?.Leaf.Thumbprint;

    private X509Certificate2 Replace(DateTimeOffset? notAfter = null)
    {
        var leaf = Issuer.Issue(["a.test"], notAfter: notAfter);
        File.WriteAllText(CertificatePath, Issuer.Chain(leaf));
        File.WriteAllText(KeyPath, TestIssuer.Key(leaf));
        return leaf;
    }

    private void Link(string name, string target)
    {
        File.CreateSymbolicLink(_folder["link"], target);
        File.Move(_folder["link"], _folder[name], overwrite: true);
    }

    private CertificateFileWatcher Watcher() => new([Options], _served, _clock, _log);

    private CertificateFileWatcher Started()
    {
        var watcher = Watcher();
        watcher.LoadAll();
        Poll(watcher, 2);
        return watcher;
    }

    private static void Poll(CertificateFileWatcher watcher, int times)
    {
        for (var i = 0; i < times; i++)
        {
            watcher.Poll();
        }
    }
}
