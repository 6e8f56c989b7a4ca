using System.Security.Cryptography.X509Certificates;
using Gateway.Acme;

namespace Gateway.Tests.Acme;

public sealed class RevocationTests
{
    [Fact]
    public async Task RevokesByTheAccountThatOrdered()
    {
        await using var session = await AcmeSession.StartAsync();
        var issued = await session.ObtainAsync("example.com");
        using var certificate = X509Certificate2.CreateFromPem(issued.ChainPem);

        var account = await session.CreateAccountAsync();
        await account.RevokeAsync(certificate, RevocationReason.Superseded, AcmeSession.Token);
        Assert.True(session.Server.Certificates[0].IsRevoked);
        Assert.Equal(4, session.Server.Certificates[0].RevocationReason);
    }

    [Fact]
    public async Task RevokesByTheKeyOfTheCertificateAlone()
    {
        await using var session = await AcmeSession.StartAsync();
        var issued = await session.ObtainAsync("example.com");
        using var certificate = X509Certificate2.CreateFromPem(issued.ChainPem);
        using var key = AcmeKey.FromPem(issued.KeyPem);
        session.Server.ForgetAccounts();

        var client = await session.ConnectAsync();
        await client.RevokeAsync(certificate, key, RevocationReason.KeyCompromise, AcmeSession.Token);
        Assert.Equal(1, session.Server.Certificates[0].RevocationReason);
    }

    [Fact]
    public async Task GivesNoReasonWhenThereIsNone()
    {
        await using var session = await AcmeSession.StartAsync();
        var issued = await session.ObtainAsync("example.com");
        using var certificate = X509Certificate2.CreateFromPem(issued.ChainPem);
        await (await session.CreateAccountAsync()).RevokeAsync(certificate, reason: null, AcmeSession.Token);
        Assert.Null(session.Server.Certificates[0].RevocationReason);
    }

    [Fact]
    public async Task SaysWhenACertificateIsRevokedAlready()
    {
        await using var session = await AcmeSession.StartAsync();
        var issued = await session.ObtainAsync("example.com");
        using var certificate = X509Certificate2.CreateFromPem(issued.ChainPem);
        var account = await session.CreateAccountAsync();
        await account.RevokeAsync(certificate, reason: null, AcmeSession.Token);

        var error = await Assert.ThrowsAsync<AcmeException>(() => account.RevokeAsync(certificate, reason: null, AcmeSession.Token));
        Assert.True(error.Is(AcmeProblem.AlreadyRevoked));
        Assert.StartsWith($"Could not revoke certificate {certificate.SerialNumber}: ", error.Message);
    }
}
