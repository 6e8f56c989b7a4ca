using System.Net;
using Gateway.Certificates;
using Microsoft.Extensions.Time.Testing;

namespace Gateway.Tests.Certificates;

public sealed class CertificateTableTests
{
    private static readonly TestIssuer Issuer = TestIssuer.Shared;
    private readonly FakeTimeProvider _clock = new(TimeProvider.System.GetUtcNow());

    [Fact]
    public void AnEmptyTableHasNothing() => Assert.Null(CertificateTable.Empty.Select("a.test", IPAddress.Loopback));

    [Theory]
    [InlineData("b.test")]
    [InlineData("B.TEST")]
    [InlineData("b.test.")]
    public void FindsAnExactName(string name)
    {
        var wanted = Issuer.Serve(["b.test"]);
        Assert.Same(wanted, Table(Issuer.Serve(["a.test"]), wanted).Select(name, null));
    }

    [Theory]
    [InlineData("xn--bcher-kva.test")]
    [InlineData("bücher.test")]
    [InlineData("BÜCHER.test")]
    public void FindsAnInternationalizedNameInBothForms(string name)
    {
        var wanted = Issuer.Serve(["bücher.test"]);
        Assert.Same(wanted, Table(Issuer.Serve(["a.test"]), wanted).Select(name, null));
    }

    [Theory]
    [InlineData("x.example.test", true)]
    [InlineData("X.Example.test.", true)]
    [InlineData("example.test", false)]
    [InlineData("y.x.example.test", false)]
    [InlineData(".example.test", false)]
    [InlineData("xexample.test", false)]
    public void AWildcardStandsForExactlyOneLabel(string name, bool matches)
    {
        var first = Issuer.Serve(["a.test"]);
        var wildcard = Issuer.Serve(["*.example.test"]);
        Assert.Same(matches ? wildcard : first, Table(first, wildcard).Select(name, null));
    }

    [Fact]
    public void PrefersTheExactNameToAWildcard()
    {
        var wildcard = Issuer.Serve(["*.example.test"]);
        var exact = Issuer.Serve(["a.example.test"]);
        Assert.Same(exact, Table(wildcard, exact).Select("a.example.test", null));
    }

    [Fact]
    public void PrefersAValidCertificateToAnExpiredOneEvenIfItIsAWildcard()
    {
        var expired = Issuer.Serve(["a.example.test"], notAfter: _clock.GetUtcNow().AddHours(-1));
        var wildcard = Issuer.Serve(["*.example.test"]);
        Assert.Same(wildcard, Table(expired, wildcard).Select("a.example.test", null));
    }

    [Fact]
    public void AnExpiredCertificateIsBetterThanOneForAnotherName()
    {
        var expired = Issuer.Serve(["b.test"], notAfter: _clock.GetUtcNow().AddHours(-1));
        Assert.Same(expired, Table(Issuer.Serve(["a.test"]), expired).Select("b.test", null));
    }

    [Fact]
    public void NoticesThatACertificateExpiresWhileTheTableStands()
    {
        var first = Issuer.Serve(["a.test"], notAfter: _clock.GetUtcNow().AddHours(1));
        var second = Issuer.Serve(["a.test"]);
        var table = Table(first, second);
        Assert.Same(first, table.Select("a.test", null));
        _clock.Advance(TimeSpan.FromHours(2));
        Assert.Same(second, table.Select("a.test", null));
    }

    [Fact]
    public void ACertificateThatIsNotYetValidComesAfterAValidOne()
    {
        var future = Issuer.Serve(["a.test"], notBefore: _clock.GetUtcNow().AddDays(1));
        var valid = Issuer.Serve(["a.test"]);
        Assert.Same(valid, Table(future, valid).Select("a.test", null));
    }

    [Theory]
    [InlineData("127.0.0.2")]
    [InlineData("::ffff:127.0.0.2")]
    public void WithoutServerNameFindsTheAddress(string local)
    {
        var wanted = Issuer.Serve(["127.0.0.2"]);
        var table = Table(Issuer.Serve(["a.test"]), wanted);
        Assert.Same(wanted, table.Select(null, IPAddress.Parse(local)));
        Assert.Same(wanted, table.Select("", IPAddress.Parse(local)));
    }

    [Fact]
    public void FindsAnAddressThatIsSentAsServerName()
    {
        var wanted = Issuer.Serve(["::1"]);
        Assert.Same(wanted, Table(Issuer.Serve(["a.test"]), wanted).Select("::1", IPAddress.Parse("10.0.0.1")));
    }

    [Theory]
    [InlineData(null)]
    [InlineData("other.test")]
    [InlineData("..")]
    [InlineData(".")]
    public void WithoutAMatchTheFirstIsServed(string? name)
    {
        var first = Issuer.Serve(["a.test"]);
        Assert.Same(first, Table(first, Issuer.Serve(["b.test"])).Select(name, IPAddress.Loopback));
    }

    [Fact]
    public void NeverLooksAtTheCommonName()
    {
        var first = Issuer.Serve(["a.test"]);
        var named = new ServedCertificate(
            Issuer.Issue(["b.test"], subject: "CN=c.test"), [Issuer.Intermediate], CertificateSource.File, "c");
        Assert.Same(first, Table(first, named).Select("c.test", null));
    }

    [Fact]
    public void TheOrderOfPreferenceIsFileAcmeLocalTemporaryWhateverTheOrderOfPublishing()
    {
        var served = new ServedCertificates(_clock);
        foreach (var source in Enum.GetValues<CertificateSource>().Reverse())
        {
            served.Publish(source, [Issuer.Serve(["a.test"], source)]);
            Assert.Equal(source, served.Table.Select("a.test", null)!.Source);
        }

        Assert.Equal(
            [CertificateSource.File, CertificateSource.Acme, CertificateSource.LocalAuthority, CertificateSource.Temporary],
            served.Table.Certificates.Select(certificate => certificate.Source));
    }

    [Fact]
    public void PublishingReplacesTheSetOfThatSourceAlone()
    {
        var served = new ServedCertificates(_clock);
        var kept = Issuer.Serve(["acme.test"], CertificateSource.Acme);
        served.Publish(CertificateSource.Acme, [kept]);
        served.Publish(CertificateSource.File, [Issuer.Serve(["a.test"])]);
        served.Publish(CertificateSource.File, []);
        Assert.Equal([kept], served.Table.Certificates);
    }

    [Fact]
    public async Task RealHandshakesGetTheCertificateOfTheirName()
    {
        var table = Table(Issuer.Serve(["a.test"]), Issuer.Serve(["bücher.test"]), Issuer.Serve(["*.c.test"]), Issuer.Serve(["127.0.0.1"]));
        await using var server = new TlsServer(() => table);
        Assert.Contains("DNS:a.test", await NamesAsync(server, "a.test"), StringComparison.Ordinal);
        Assert.Contains("DNS:xn--bcher-kva.test", await NamesAsync(server, "bücher.test"), StringComparison.Ordinal);
        Assert.Contains("DNS:*.c.test", await NamesAsync(server, "x.c.test"), StringComparison.Ordinal);
        Assert.Contains("127.0.0.1", await NamesAsync(server, "127.0.0.1"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task TheIntermediateIsSentAndTheRootIsNot()
    {
        var table = Table(new ServedCertificate(Issuer.Issue(["a.test"]), [Issuer.Root, Issuer.Intermediate], CertificateSource.File, "a"));
        await using var server = new TlsServer(() => table);
        Assert.Equal(1, (await server.HandshakeAsync("a.test")).Intermediates);
    }

    private static async Task<string> NamesAsync(TlsServer server, string name)
    {
        var (leaf, _) = await server.HandshakeAsync(name);
        return leaf.Extensions["2.5.29.17"]!.Format(multiLine: false);
    }

    private CertificateTable Table(params ServedCertificate[] certificates) => CertificateTable.Create(certificates, _clock);
}
