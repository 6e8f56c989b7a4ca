using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Gateway.Acme;
using Gateway.Tests.Acme.Fake;

namespace Gateway.Tests.Acme;

public sealed class OrderTests
{
    [Fact]
    public async Task ObtainsACertificateForItsNamesAndKey()
    {
        await using var session = await AcmeSession.StartAsync();
        var issued = await session.ObtainAsync("example.com", "www.example.com");

        using var certificate = X509Certificate2.CreateFromPem(issued.ChainPem, issued.KeyPem);
        var names = certificate.Extensions.OfType<X509SubjectAlternativeNameExtension>().Single();
        Assert.Equal(["example.com", "www.example.com"], names.EnumerateDnsNames());
        Assert.True(certificate.HasPrivateKey);
        Assert.Equal("Fake Root 1", issued.TopIssuer);
    }

    [Fact]
    public async Task KeepsTheWholeChainWithTheLeafFirst()
    {
        await using var session = await AcmeSession.StartAsync();
        var issued = await session.ObtainAsync("example.com");

        var chain = new X509Certificate2Collection();
        chain.ImportFromPem(issued.ChainPem);
        Assert.Equal(2, chain.Count);
        Assert.Equal(session.Server.Certificates[0].Leaf.RawData, chain[0].RawData);
        Assert.Equal("CN=Fake Intermediate", chain[1].Subject);
    }

    [Theory]
    [InlineData(CertificateKeyAlgorithm.ES256, null, 256)]
    [InlineData(CertificateKeyAlgorithm.ES384, null, 384)]
    [InlineData(CertificateKeyAlgorithm.RS256, null, 2048)]
    [InlineData(CertificateKeyAlgorithm.RS256, 3072, 3072)]
    internal async Task HasTheKindOfKeyThatIsAskedFor(CertificateKeyAlgorithm algorithm, int? bits, int expected)
    {
        await using var session = await AcmeSession.StartAsync();
        using var key = CertificateKey.Create(algorithm, bits);
        var issued = await session.ObtainAsync(AcmeSession.Order("example.com") with { Key = key });
        using var certificate = X509Certificate2.CreateFromPem(issued.ChainPem, issued.KeyPem);
        using AsymmetricAlgorithm? ec = certificate.GetECDsaPrivateKey();
        using AsymmetricAlgorithm? rsa = certificate.GetRSAPrivateKey();
        Assert.Equal(expected, (ec ?? rsa)!.KeySize);
    }

    [Fact]
    public async Task NeverGivesTheKeyOfTheAccountToACertificate()
    {
        await using var session = await AcmeSession.StartAsync();
        using var key = ECDsa.Create();
        key.ImportFromPem(session.Key.ExportPem());
        await Assert.ThrowsAsync<ArgumentException>(() => session.ObtainAsync(AcmeSession.Order("example.com") with { Key = key }));
        Assert.Equal(0, session.Server.OrdersPlaced);
    }

    [Theory]
    [InlineData("192.0.2.1")]
    [InlineData("2001:db8::1")]
    public async Task ObtainsACertificateForAnAddress(string address)
    {
        await using var session = await AcmeSession.StartAsync();
        var issued = await session.ObtainAsync(address);
        using var certificate = X509Certificate2.CreateFromPem(issued.ChainPem);
        var names = certificate.Extensions.OfType<X509SubjectAlternativeNameExtension>().Single();
        Assert.Equal([IPAddress.Parse(address)], names.EnumerateIPAddresses());
    }

    [Fact]
    public async Task ObtainsAWildcardAndItsParentWithBothAnswersInPlaceAtOnce()
    {
        await using var session = await AcmeSession.StartAsync();
        var most = 0;
        var responder = session.Responder;
        session.Responder = responder with
        {
            Publish = async (answer, token) =>
            {
                await responder.Publish(answer, token);
                Assert.Equal("_acme-challenge.example.com", answer.DnsName);
                most = Math.Max(most, session.Published.Count);
            },
        };
        var issued = await session.ObtainAsync(
            AcmeSession.Order("*.example.com", "example.com") with { ChallengeType = AcmeChallenge.Dns01 });
        using var certificate = X509Certificate2.CreateFromPem(issued.ChainPem);
        Assert.True(certificate.MatchesHostname("any.example.com"));
        Assert.Equal(2, most);
    }

    [Fact]
    public async Task LeavesNamesAloneThatAreProvenAlready()
    {
        await using var session = await AcmeSession.StartAsync();
        session.Behaviour.ReusesAuthorizations = true;
        await session.ObtainAsync("a.example");
        var challenges = session.Server.Requests(FakeResource.Challenge);

        await session.ObtainAsync("a.example");
        Assert.Equal(challenges, session.Server.Requests(FakeResource.Challenge));
        await session.ObtainAsync("a.example", "b.example");
        Assert.Equal(challenges + 1, session.Server.Requests(FakeResource.Challenge));
    }

    [Fact]
    public async Task AsksForAProfile()
    {
        await using var session = await AcmeSession.StartAsync(Profiles);
        await session.ObtainAsync(AcmeSession.Order("example.com") with { Profile = "shortlived" });
        Assert.Equal("shortlived", session.Server.Orders[0].Profile);
    }

    [Fact]
    public async Task NamesTheProfilesOfTheCaWhenItHasNotTheOneAskedFor()
    {
        await using var session = await AcmeSession.StartAsync(Profiles);
        var error = await Assert.ThrowsAsync<AcmeException>(
            () => session.ObtainAsync(AcmeSession.Order("example.com") with { Profile = "eternal" }));
        Assert.Equal("Could not place an order for example.com: the CA has no profile 'eternal'; it has classic, shortlived.", error.Message);
        Assert.Equal(0, session.Server.OrdersPlaced);
    }

    [Fact]
    public async Task SaysWhichCertificateItReplaces()
    {
        await using var session = await AcmeSession.StartAsync();
        await session.ObtainAsync("example.com");
        var replaced = session.Server.Certificates[0];
        await session.ObtainAsync(AcmeSession.Order("example.com") with { Replaces = replaced.Id });
        Assert.Equal(replaced.Id, session.Server.Orders[1].Replaces);
        Assert.True(replaced.IsReplaced);
    }

    [Fact]
    public async Task OrdersWithoutReplacesWhatIsReplacedAlready()
    {
        await using var session = await AcmeSession.StartAsync();
        await session.ObtainAsync("example.com");
        var id = session.Server.Certificates[0].Id;
        await session.ObtainAsync(AcmeSession.Order("example.com") with { Replaces = id });
        await session.ObtainAsync(AcmeSession.Order("example.com") with { Replaces = id });
        Assert.Equal([null, id, null], session.Server.Orders.Select(order => order.Replaces));
    }

    [Fact]
    public async Task OrdersWithoutReplacesWhatIsOfAnotherCa()
    {
        await using var session = await AcmeSession.StartAsync();
        await session.ObtainAsync(AcmeSession.Order("example.com") with { Replaces = "aYhba4dGQEHhs3uEe6CuLN4ByNQ.AIdlQyE" });
        Assert.Null(session.Server.Orders[0].Replaces);
    }

    [Fact]
    public async Task DoesNotSpeakOfReplacingToACaWithoutRenewalInformation()
    {
        await using var session = await AcmeSession.StartAsync(new FakeAcmeOptions { HasRenewalInfo = false });
        await session.ObtainAsync(AcmeSession.Order("example.com") with { Replaces = "aYhba4dGQEHhs3uEe6CuLN4ByNQ.AIdlQyE" });
        Assert.Equal(1, session.Server.Requests(FakeResource.NewOrder));
    }

    [Fact]
    public async Task PlacesOneOrderOnlyWhenItIsRefused()
    {
        await using var session = await AcmeSession.StartAsync();
        session.Behaviour.Refuse = resource =>
            resource == FakeResource.NewOrder ? FakeRefusal.RateLimited("too many certificates", "86400") : null;
        var error = await Assert.ThrowsAsync<AcmeException>(
            () => session.ObtainAsync(AcmeSession.Order("example.com") with { Replaces = "aYhba4dGQEHhs3uEe6CuLN4ByNQ.AIdlQyE" }));
        Assert.Equal(TimeSpan.FromDays(1), error.RetryAfter);
        Assert.True(error.Is(AcmeProblem.RateLimited));
        Assert.Equal(1, session.Server.Requests(FakeResource.NewOrder));
    }

    [Fact]
    public async Task RepeatsTheSubproblemsOfARefusedOrder()
    {
        await using var session = await AcmeSession.StartAsync();
        session.Behaviour.Refuse = resource => resource != FakeResource.NewOrder ? null : new FakeRefusal(400, "rejectedIdentifier", "2 names refused")
        {
            Subproblems = [("a.example", "caa", "CAA forbids"), ("b.example", "rejectedIdentifier", "a bank")],
        };
        var error = await Assert.ThrowsAsync<AcmeException>(() => session.ObtainAsync("a.example", "b.example"));
        Assert.Equal(
            $"Could not place an order for a.example, b.example: {session.Server.Url("new-order")} answered 400: "
            + "rejectedIdentifier: 2 names refused; a.example: caa: CAA forbids; b.example: rejectedIdentifier: a bank",
            error.Message);
    }

    [Fact]
    public async Task TakesTheChainUnderThePreferredRoot()
    {
        await using var session = await AcmeSession.StartAsync(new FakeAcmeOptions { AlternateChains = 2 });
        var issued = await session.ObtainAsync(AcmeSession.Order("example.com") with { PreferredChain = "Fake Root 3" });
        Assert.Equal("Fake Root 3", issued.TopIssuer);
        Assert.Equal(session.Server.Certificates[0].Chains[2].ReplaceLineEndings("\n"), issued.ChainPem);
    }

    [Fact]
    public async Task TakesTheDefaultChainWhenNoneIsUnderThePreferredRoot()
    {
        await using var session = await AcmeSession.StartAsync(new FakeAcmeOptions { AlternateChains = 2 });
        var issued = await session.ObtainAsync(AcmeSession.Order("example.com") with { PreferredChain = "Fake Root 9" });
        Assert.Equal("Fake Root 1", issued.TopIssuer);
    }

    [Fact]
    public async Task TakesTheDefaultChainWhenTheOthersCannotBeHad()
    {
        await using var session = await AcmeSession.StartAsync(new FakeAcmeOptions { AlternateChains = 2 });
        session.Behaviour.Refuse = resource => resource == FakeResource.Certificate && session.Server.Requests(FakeResource.Certificate) > 1
            ? new FakeRefusal(500, "serverInternal", "the other chains are lost")
            : null;
        var issued = await session.ObtainAsync(AcmeSession.Order("example.com") with { PreferredChain = "Fake Root 3" });
        Assert.Equal("Fake Root 1", issued.TopIssuer);
    }

    [Fact]
    public async Task RefusesACertificateForOtherNames()
    {
        await using var session = await AcmeSession.StartAsync();
        session.Behaviour.WrongName = "evil.example";
        var error = await Assert.ThrowsAsync<AcmeException>(() => session.ObtainAsync("example.com"));
        Assert.EndsWith("the CA sent a certificate for evil.example, which example.com is not among.", error.Message);
    }

    [Fact]
    public async Task RefusesACertificateForAnotherKey()
    {
        await using var session = await AcmeSession.StartAsync();
        session.Behaviour.WrongKey = true;
        var error = await Assert.ThrowsAsync<AcmeException>(() => session.ObtainAsync("example.com"));
        Assert.EndsWith("the CA sent a certificate for another key.", error.Message);
    }

    [Fact]
    public async Task SaysWhyAnOrderBecameInvalid()
    {
        await using var session = await AcmeSession.StartAsync();
        session.Behaviour.IssuanceTime = TimeSpan.FromSeconds(30);
        session.Behaviour.IssuanceFailure = new FakeRefusal(403, "caa", "CAA for example.com forbids");
        var error = await Assert.ThrowsAsync<AcmeException>(() => session.ObtainAsync("example.com"));
        Assert.True(error.Is(AcmeProblem.Caa));
        Assert.EndsWith("/order/1 is invalid: caa: CAA for example.com forbids", error.Message);
    }

    private static FakeAcmeOptions Profiles => new()
    {
        Profiles = new Dictionary<string, string> { ["classic"] = "90 days", ["shortlived"] = "160 hours" },
    };
}
