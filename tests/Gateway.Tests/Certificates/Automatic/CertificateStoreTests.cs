using System.Security.Cryptography.X509Certificates;
using Gateway.Acme;
using Gateway.Certificates;
using Gateway.Certificates.Automatic;
using Gateway.Configuration;

namespace Gateway.Tests.Certificates.Automatic;

public sealed class CertificateStoreTests : IDisposable
{
    private static readonly Uri Ca = new("https://ca.example/directory");
    private static readonly AcmeIdentifier Name = AcmeIdentifier.Parse("www.example.com");

    private readonly TestFolder _folder = new();
    private readonly AcmeFolder _layout;

    public CertificateStoreTests() => _layout = new AcmeFolder(_folder.Path);

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void GivesBackWhatWasWrittenWithItsChain()
    {
        using var leaf = Write(Store());
        var read = Store().Read(Ca, Name)!;
        Assert.Equal(leaf.Thumbprint, read.Leaf.Thumbprint);
        Assert.True(read.Leaf.HasPrivateKey);
        Assert.Equal(CertificateSource.Acme, read.Source);
        Assert.Equal(TestIssuer.Shared.Intermediate.Thumbprint, Assert.Single(read.Context.IntermediateCertificates).Thumbprint);
    }

    [Fact]
    public void NothingIsThereBeforeTheFirst() => Assert.Null(Store().Read(Ca, Name));

    // Every step of replacing a certificate, stopped before it and in the middle of it.
    [Fact]
    public void WhereverTheMachineStopsTheOldPairOrTheNewOneIsThere()
    {
        using var old = Write(Store());
        var steps = CountSteps();
        Assert.True(steps >= 3);
        for (var step = 1; step <= steps; step++)
        {
            foreach (var half in new[] { false, true })
            {
                using var fresh = TestIssuer.Shared.Issue([Name.Value]);
                Assert.Throws<IOException>(() => Store(new PowerCut(step, half)).Write(Ca, Name, TestIssuer.Shared.Chain(fresh), TestIssuer.Key(fresh)));

                var read = Store().Read(Ca, Name);
                Assert.NotNull(read);
                Assert.True(read.Leaf.HasPrivateKey);
                Assert.Empty(Directory.GetFiles(_layout.CertificateFolder(Ca), "*.corrupt-*"));
                if (step <= 2)
                {
                    Assert.Equal(old.Thumbprint, read.Leaf.Thumbprint);
                }
                else
                {
                    Assert.Equal(fresh.Thumbprint, read.Leaf.Thumbprint);
                }
            }
        }
    }

    [Fact]
    public void PutsADamagedFileAsideUnderANameThatSaysSo()
    {
        Write(Store()).Dispose();
        var path = _layout.Certificate(Ca, Name);
        File.WriteAllText(path, File.ReadAllText(path)[..500]);

        Assert.Null(Store().Read(Ca, Name));
        Assert.False(File.Exists(path));
        Assert.Single(Directory.GetFiles(_layout.CertificateFolder(Ca), "www.example.com.pem.corrupt-*"));
    }

    [Fact]
    public void PutsTheCertificateOfAnotherNameAside()
    {
        using var leaf = TestIssuer.Shared.Issue(["other.example.com"]);
        Store().Write(Ca, Name, TestIssuer.Shared.Chain(leaf), TestIssuer.Key(leaf));
        Assert.Null(Store().Read(Ca, Name));
    }

    [Fact]
    public void OneCaDoesNotSeeWhatAnotherGave()
    {
        Write(Store(), AcmeIssuerOptions.LetsEncryptStaging).Dispose();
        Assert.Null(Store().Read(AcmeIssuerOptions.LetsEncrypt, Name));
        Assert.NotNull(Store().Read(AcmeIssuerOptions.LetsEncryptStaging, Name));
    }

    [Fact]
    public void OnlyTheOwnerCanReadKeysAndEnterFolders()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Windows has no modes.");
        Write(Store()).Dispose();
        foreach (var path in Directory.EnumerateFileSystemEntries(_folder.Path, "*", SearchOption.AllDirectories))
        {
            Assert.True(OperatingSystem.IsWindows() || ((int)File.GetUnixFileMode(path) & 0b111_111) == 0, path);
        }
    }

    [Fact]
    public void TheTestLeavesNothingBehind()
    {
        Store().Test(Ca);
        Assert.Empty(Directory.GetFiles(_layout.CertificateFolder(Ca)));
    }

    [Fact]
    public void TheTestFailsWhereNothingCanBeWritten()
    {
        _folder.Write("acme", "a file where the folder should be");
        Assert.ThrowsAny<IOException>(() => Store().Test(Ca));
    }

    [Fact]
    public void CompletesTheChainWithTheIssuersThatTheOperatorNames()
    {
        using var leaf = TestIssuer.Shared.Issue([Name.Value]);
        string[] additional = [TestIssuer.Shared.Root.ExportCertificatePem(), TestIssuer.Shared.Intermediate.ExportCertificatePem(), "no certificate"];
        var served = Store(DiskSteps.Real, additional).Write(Ca, Name, leaf.ExportCertificatePem(), TestIssuer.Key(leaf));
        Assert.Equal(TestIssuer.Shared.Intermediate.Thumbprint, Assert.Single(served.Context.IntermediateCertificates).Thumbprint);
    }

    [Theory]
    [InlineData("*.example.com", "_.example.com")]
    [InlineData("2001:db8::1", "2001_db8__1")]
    [InlineData("a_b.example.com", "a%5Fb.example.com")]
    public void NamesBecomeFileNamesThatNoTwoShare(string name, string fileName) =>
        Assert.Equal(fileName, AcmeFolder.FileName(new AcmeIdentifier(AcmeIdentifier.DnsType, name)));

    private CertificateStore Store(DiskSteps? disk = null, string[]? additionalIssuers = null)
    {
        var files = new StateFiles(disk ?? DiskSteps.Real, TimeProvider.System, new ListLogger<StateFiles>());
        return new CertificateStore(_layout, files, additionalIssuers ?? [], new ListLogger<CertificateStore>());
    }

    private static X509Certificate2 Write(CertificateStore store, Uri? issuer = null)
    {
        var leaf = TestIssuer.Shared.Issue([Name.Value]);
        store.Write(issuer ?? Ca, Name, TestIssuer.Shared.Chain(leaf), TestIssuer.Key(leaf));
        return leaf;
    }

    private int CountSteps()
    {
        using var folder = new TestFolder();
        var disk = new PowerCut(int.MaxValue, half: false);
        var files = new StateFiles(disk, TimeProvider.System, new ListLogger<StateFiles>());
        using var leaf = TestIssuer.Shared.Issue([Name.Value]);
        new CertificateStore(new AcmeFolder(folder.Path), files, [], new ListLogger<CertificateStore>())
            .Write(Ca, Name, TestIssuer.Shared.Chain(leaf), TestIssuer.Key(leaf));
        return disk.Steps;
    }
}
