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
    public async Task SendsTheWholeChainAsItCameWithTheLeafFirst()
    {
        await using var session = await AcmeSession.StartAsync();
        var issued = await session.ObtainAsync("example.com");

        var chain = new X509Certificate2Collection();
        chain.ImportFromPem(issued.ChainPem);
        Assert.Equal(2, chain.Count);
        Assert.Equal(session.Server.Certificates[0].Leaf.RawData, chain[0].RawData);
        Assert.Equal("CN=Fake Intermediate", chain[1].Subject);
    }
}
