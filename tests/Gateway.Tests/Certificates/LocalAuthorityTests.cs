using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Gateway.Certificates;
using Microsoft.Extensions.Time.Testing;

namespace Gateway.Tests.Certificates;

public sealed class LocalAuthorityTests : IDisposable
{
    private const UnixFileMode Owner = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    private readonly TestFolder _state = new();
    private readonly FakeTimeProvider _clock = new(TimeProvider.System.GetUtcNow());

    private string RootPath => _state["local-ca/ca.crt"];

    private string KeyPath => _state["local-ca/ca.key"];

    private string LeafPath => _state["local-ca/leaf.pem"];

    public void Dispose() => _state.Dispose();

    [Fact]
    public void TheRootIsAConstrainedP256AuthorityForTenYears()
    {
        var root = Open().Root;
        Assert.Equal(256, root.GetECDsaPublicKey()!.KeySize);
        Assert.StartsWith($"Gateway local CA ({LocalNames.MachineName}, {_clock.GetUtcNow():yyyy-MM-dd})", root.GetNameInfo(X509NameType.SimpleName, false), StringComparison.Ordinal);
        Assert.Equal(_clock.GetUtcNow().AddYears(10).UtcDateTime, root.NotAfter.ToUniversalTime(), TimeSpan.FromSeconds(2));
        Assert.True(root.NotBefore.ToUniversalTime() < _clock.GetUtcNow());

        var basic = root.Extensions.OfType<X509BasicConstraintsExtension>().Single();
        Assert.True(basic is { Critical: true, CertificateAuthority: true, HasPathLengthConstraint: true, PathLengthConstraint: 0 });
        var usage = root.Extensions.OfType<X509KeyUsageExtension>().Single();
        Assert.Equal(X509KeyUsageFlags.KeyCertSign | X509KeyUsageFlags.CrlSign, usage.KeyUsages);
        Assert.True(root.Extensions["2.5.29.30"]!.Critical);
    }

    [Fact]
    public void KeysAreReadableByTheirOwnerAlone()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Windows has no modes");
        Open().LeafFor(LocalNames.ForLoopback);
#pragma warning disable CA1416 // Skipped on Windows above.
        Assert.Equal(Owner | UnixFileMode.UserExecute, File.GetUnixFileMode(_state["local-ca"]));
        Assert.Equal(Owner, File.GetUnixFileMode(KeyPath));
        Assert.Equal(Owner, File.GetUnixFileMode(LeafPath));
#pragma warning restore CA1416
        Assert.Equal(["ca.crt", "ca.key", "leaf.pem"], Directory.GetFiles(_state["local-ca"]).Select(Path.GetFileName).Order());
    }

    [Fact]
    public void OpensTheSameAuthorityAgain() => Assert.Equal(Open().Root.Thumbprint, Open().Root.Thumbprint);

    [Fact]
    public void TheRootIsAPemFileWithoutKey()
    {
        var authority = Open();
        Assert.Equal(RootPath, authority.RootPath);
        Assert.Equal(authority.Root.RawData, X509CertificateLoader.LoadCertificateFromFile(authority.RootPath).RawData);
        Assert.DoesNotContain("PRIVATE", File.ReadAllText(authority.RootPath), StringComparison.Ordinal);
    }

    [Fact]
    public void TryOpenMakesNothing()
    {
        Assert.Null(LocalAuthority.TryOpen(_state.Path, _clock));
        Assert.Empty(Directory.GetFileSystemEntries(_state.Path));
        Open();
        Assert.NotNull(LocalAuthority.TryOpen(_state.Path, _clock));
    }

    [Fact]
    public async Task ManyAtOnceEndWithOneAuthority()
    {
        using var start = new Barrier(8);
        var roots = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Task.Factory.StartNew(
            () =>
            {
                start.SignalAndWait(TestContext.Current.CancellationToken);
                return Open().Root.Thumbprint;
            },
            TestContext.Current.CancellationToken,
            TaskCreationOptions.LongRunning,
            TaskScheduler.Default)));
        Assert.Single(roots.Distinct());
        Assert.Equal(2, Directory.GetFiles(_state["local-ca"]).Length);
    }

    [Fact]
    public void AKeyWithoutRootIsCompleted()
    {
        var key = Open().Root.PublicKey.ExportSubjectPublicKeyInfo();
        File.Delete(RootPath);
        Assert.Equal(key, Open().Root.PublicKey.ExportSubjectPublicKeyInfo());
    }

    [Theory]
    [InlineData("root empty", "ca.crt is damaged")]
    [InlineData("root cut", "ca.crt is damaged")]
    [InlineData("root foreign", "ca.key does not belong to ca.crt")]
    [InlineData("key empty", "ca.key is damaged")]
    [InlineData("key cut", "ca.key is damaged")]
    [InlineData("key foreign", "ca.key does not belong to ca.crt")]
    [InlineData("key missing", "ca.key is missing")]
    [InlineData("expired", "ca.crt expired")]
    public void ADamagedAuthorityIsAnErrorWithTheRemedyAndIsNotReplaced(string damage, string said)
    {
        Open();
        var cut = new Func<string, string>(path => File.ReadAllText(path)[..100]);
        using var foreign = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        switch (damage)
        {
            case "root empty": File.WriteAllText(RootPath, ""); break;
            case "root cut": File.WriteAllText(RootPath, cut(RootPath)); break;
            case "root foreign": File.WriteAllText(RootPath, TestIssuer.Shared.Root.ExportCertificatePem()); break;
            case "key empty": File.WriteAllText(KeyPath, ""); break;
            case "key cut": File.WriteAllText(KeyPath, cut(KeyPath)); break;
            case "key foreign": File.WriteAllText(KeyPath, foreign.ExportPkcs8PrivateKeyPem()); break;
            case "key missing": File.Delete(KeyPath); break;
            default: _clock.Advance(TimeSpan.FromDays(3660)); break;
        }

        var before = Files();
        var error = Assert.Throws<LocalAuthorityException>(Open);
        Assert.Contains(said, error.Message, StringComparison.Ordinal);
        Assert.Contains($"move the folder {_state["local-ca"]} away", error.Message, StringComparison.Ordinal);
        Assert.Contains("trusted anew", error.Message, StringComparison.Ordinal);
        Assert.Equal(before, Files());
    }

    [Fact]
    public void AClockThatIsWrongIsNotADamagedAuthority()
    {
        Open();
        var error = Assert.Throws<LocalAuthorityException>(
            () => LocalAuthority.OpenOrCreate(_state.Path, new FakeTimeProvider(_clock.GetUtcNow().AddYears(-3))));
        Assert.Contains("Set the clock", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void AFolderThatMayNotBeWrittenIsExplained()
    {
        var file = _state.Write("file", "");
        var error = Assert.Throws<LocalAuthorityException>(() => LocalAuthority.OpenOrCreate(file, _clock));
        Assert.Contains(file, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void TheLeafIsForTheWantedNamesAndAtMost397Days()
    {
        var leaf = Open().LeafFor(new LocalNames(["localhost", "*.localhost", "box.local"], [IPAddress.Loopback, IPAddress.Parse("192.168.1.7")]));
        Assert.Equal(["localhost", "*.localhost", "box.local"], leaf.DnsNames);
        Assert.Equal([IPAddress.Loopback, IPAddress.Parse("192.168.1.7")], leaf.Addresses);
        Assert.True(leaf.NotAfter - leaf.NotBefore <= TimeSpan.FromDays(397));
        Assert.True(leaf.NotBefore < _clock.GetUtcNow());
        Assert.Equal(CertificateSource.LocalAuthority, leaf.Source);
        Assert.True(leaf.Leaf.Extensions.OfType<X509BasicConstraintsExtension>().Single() is { CertificateAuthority: false });
        Assert.Equal("1.3.6.1.5.5.7.3.1", leaf.Leaf.Extensions.OfType<X509EnhancedKeyUsageExtension>().Single().EnhancedKeyUsages[0].Value);
    }

    [Fact]
    public void KeepsTheLeafOverARestart()
    {
        var names = LocalNames.ForLoopback;
        Assert.Equal(Open().LeafFor(names).Leaf.Thumbprint, Open().LeafFor(names).Leaf.Thumbprint);
    }

    [Fact]
    public void IssuesAnewWhenTheAddressesChange()
    {
        var authority = Open();
        var first = authority.LeafFor(LocalNames.ForLoopback);
        var more = authority.LeafFor(LocalNames.ForLoopback with { Addresses = [IPAddress.Loopback, IPAddress.Parse("10.1.2.3")] });
        Assert.NotEqual(first.Leaf.Thumbprint, more.Leaf.Thumbprint);
        Assert.NotEqual(more.Leaf.Thumbprint, authority.LeafFor(LocalNames.ForLoopback).Leaf.Thumbprint);
    }

    [Fact]
    public void IssuesAnewWhenAThirdOfTheLifeIsLeft()
    {
        var authority = Open();
        var first = authority.LeafFor(LocalNames.ForLoopback);
        _clock.Advance(TimeSpan.FromDays(264));
        Assert.Same(first, authority.LeafFor(LocalNames.ForLoopback));
        _clock.Advance(TimeSpan.FromDays(1));
        Assert.NotSame(first, authority.LeafFor(LocalNames.ForLoopback));
    }

    [Fact]
    public void IssuesAnewWhenTheLeafIsNotYetValid()
    {
        Open();
        _clock.Advance(TimeSpan.FromDays(30));
        var early = Open().LeafFor(LocalNames.ForLoopback);
        var before = new FakeTimeProvider(_clock.GetUtcNow().AddDays(-20));
        var leaf = LocalAuthority.OpenOrCreate(_state.Path, before).LeafFor(LocalNames.ForLoopback);
        Assert.NotEqual(early.Leaf.Thumbprint, leaf.Leaf.Thumbprint);
        Assert.True(leaf.IsValidAt(before.GetUtcNow()));
    }

    [Fact]
    public void TheLeafNeverOutlivesTheRoot()
    {
        var authority = Open();
        _clock.Advance(TimeSpan.FromDays(3600));
        var leaf = authority.LeafFor(LocalNames.ForLoopback);
        Assert.Equal(authority.Root.NotAfter, leaf.Leaf.NotAfter);
    }

    [Theory]
    [InlineData("")]
    [InlineData("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----")]
    public void ADamagedLeafIsIssuedAnew(string content)
    {
        Open().LeafFor(LocalNames.ForLoopback);
        File.WriteAllText(LeafPath, content);
        Assert.Equal(LocalNames.ForLoopback.DnsNames, Open().LeafFor(LocalNames.ForLoopback).DnsNames);
    }

    [Fact]
    public void ALeafOfAnotherAuthorityIsIssuedAnew()
    {
        using var other = new TestFolder();
        var foreign = LocalAuthority.OpenOrCreate(other.Path, _clock).LeafFor(LocalNames.ForLoopback);
        Open();
        File.Copy(other["local-ca/leaf.pem"], LeafPath);
        Assert.Null(Open().IssuedLeaf());
        Assert.NotEqual(foreign.Leaf.Thumbprint, Open().LeafFor(LocalNames.ForLoopback).Leaf.Thumbprint);
    }

    [Fact]
    public void NamesOutsideTheConstraintsAreLeftOutAndNamed()
    {
        var authority = Open();
        var names = new LocalNames(["localhost", "example.com", "x.box.internal"], [IPAddress.Loopback, IPAddress.Parse("8.8.8.8")]);
        var leaf = authority.LeafFor(names);
        Assert.Equal(["localhost", "x.box.internal"], leaf.DnsNames);
        Assert.Equal([IPAddress.Loopback], leaf.Addresses);
        Assert.Equal(["example.com", "8.8.8.8"], authority.Refuses(names));
    }

    [Fact]
    public void HostsOfRoutesAreAddedAsFarAsTheyAreLocal()
    {
        var authority = Open();
        string[] hosts = ["App.localhost", "localhost", "www.example.com"];
        var leaf = authority.LeafFor(LocalNames.ForLoopback.Plus(hosts.Where(authority.Permits)));
        Assert.Equal(["localhost", "*.localhost", "app.localhost"], leaf.DnsNames);
    }

    [Fact]
    public void AllNamesOfThisMachineArePermitted()
    {
        var names = LocalNames.ForLan();
        Assert.Contains(LocalNames.MachineName, names.DnsNames);
        Assert.Contains("localhost", names.DnsNames);
        Assert.Contains(IPAddress.IPv6Loopback, names.Addresses);
        Assert.Empty(Open().Refuses(names));
    }

    [Fact]
    public async Task TheServicePublishesAndRenewsInTime()
    {
        var served = new ServedCertificates(_clock);
        using var service = new LocalAuthorityService(
            Open(), () => LocalNames.ForLoopback, CertificateSource.LocalAuthority, served, _clock, new ListLogger<LocalAuthorityService>());
        service.Publish();
        var first = served.Table.Select("localhost", null)!;

        await service.StartAsync(TestContext.Current.CancellationToken);
        using var bound = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        while (ReferenceEquals(first, served.Table.Select("localhost", null)))
        {
            _clock.Advance(TimeSpan.FromDays(10));
            await Task.Delay(20, bound.Token);
        }

        await service.StopAsync(TestContext.Current.CancellationToken);
    }

    // A disk that is read-only, and an address that is new.
    [Fact]
    public void WhatCannotBeKeptIsServedAndTheLogSaysWhyOnce()
    {
        var log = new ListLogger<LocalAuthorityService>();
        var served = new ServedCertificates(_clock);
        var authority = Open();
        Directory.CreateDirectory(LeafPath);
        using var service = new LocalAuthorityService(authority, () => LocalNames.ForLoopback, CertificateSource.LocalAuthority, served, _clock, log);

        service.Publish();
        service.Publish();

        Assert.Equal("Gateway local certificate", served.Table.Select("localhost", null)!.Leaf.GetNameInfo(X509NameType.SimpleName, false));
        var error = Assert.Single(log.Errors);
        Assert.Contains("could not be kept, and the next start will issue another one", error, StringComparison.Ordinal);
        Assert.Contains($"{_state["local-ca"]} cannot be read or written", error, StringComparison.Ordinal);
    }

    [Fact]
    public void ACertificateThatIsKeptAgainIsNoCauseForAlarm()
    {
        var authority = Open();
        Directory.CreateDirectory(LeafPath);
        authority.LeafFor(LocalNames.ForLoopback);
        Assert.NotNull(authority.NotKept);
        Directory.Delete(LeafPath);

        authority.LeafFor(LocalNames.ForLoopback.Plus(["app.localhost"]));

        Assert.Null(authority.NotKept);
        Assert.True(File.Exists(LeafPath));
    }

    [Fact]
    public async Task TheServiceOutlivesAFailure()
    {
        var asked = 0;
        var log = new ListLogger<LocalAuthorityService>();
        var served = new ServedCertificates(_clock);
        using var service = new LocalAuthorityService(
            Open(), () => ++asked % 2 == 1 ? throw new InvalidOperationException() : LocalNames.ForLoopback, CertificateSource.LocalAuthority, served, _clock, log);
        await service.StartAsync(TestContext.Current.CancellationToken);
        using var bound = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        while (served.Table.Certificates.Count == 0)
        {
            _clock.Advance(TimeSpan.FromMinutes(1));
            await Task.Delay(20, bound.Token);
        }

        Assert.NotEmpty(log.Errors);
        await service.StopAsync(TestContext.Current.CancellationToken);
    }

    private LocalAuthority Open() => LocalAuthority.OpenOrCreate(_state.Path, _clock);

    private string[] Files() => [.. Directory.GetFiles(_state["local-ca"]).Order().Select(path => path + File.ReadAllText(path))];
}
