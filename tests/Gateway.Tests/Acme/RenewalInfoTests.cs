using System.Security.Cryptography.X509Certificates;
using Gateway.Acme;
using Gateway.Tests.Acme.Fake;

namespace Gateway.Tests.Acme;

public sealed class RenewalInfoTests
{
    private static readonly DateTimeOffset Start = new(2026, 10, 30, 8, 0, 0, TimeSpan.Zero);

    [Fact]
    public void NamesTheCertificateOfRfc9773AppendixAAsSection41Does()
    {
        using var certificate = X509Certificate2.CreateFromPem(
            """
            -----BEGIN CERTIFICATE-----
            MIIBQzCB66ADAgECAgUAh2VDITAKBggqhkjOPQQDAjAVMRMwEQYDVQQDEwpFeGFt
            cGxlIENBMCIYDzAwMDEwMTAxMDAwMDAwWhgPMDAwMTAxMDEwMDAwMDBaMBYxFDAS
            BgNVBAMTC2V4YW1wbGUuY29tMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEeBZu
            7cbpAYNXZLbbh8rNIzuOoqOOtmxA1v7cRm//AwyMwWxyHz4zfwmBhcSrf47NUAFf
            qzLQ2PPQxdTXREYEnKMjMCEwHwYDVR0jBBgwFoAUaYhba4dGQEHhs3uEe6CuLN4B
            yNQwCgYIKoZIzj0EAwIDRwAwRAIge09+S5TZAlw5tgtiVvuERV6cT4mfutXIlwTb
            +FYN/8oCIClDsqBklhB9KAelFiYt9+6FDj3z4KGVelYM5MdsO3pK
            -----END CERTIFICATE-----
            """);
        Assert.Equal("aYhba4dGQEHhs3uEe6CuLN4ByNQ.AIdlQyE", RenewalInfo.CertificateId(certificate));
    }

    [Fact]
    public void HasNoNameForACertificateWithoutAuthorityKeyIdentifier()
    {
        using var certificate = new ChallengeAnswer("tls-alpn-01", AcmeIdentifier.Parse("a.example"), "t", "t.k")
            .CreateTlsAlpnCertificate(new LeapingTime());
        Assert.Null(RenewalInfo.CertificateId(certificate));
    }

    [Fact]
    public async Task TellsTheWindowAndItsReason()
    {
        await using var session = await AcmeSession.StartAsync();
        session.Behaviour.RenewalWindow = _ => (Start, Start.AddDays(2));
        session.Behaviour.RenewalExplanation = "https://ca.example/incident";
        var info = await AskAsync(session);
        Assert.Equal((Start, Start.AddDays(2)), (info!.WindowStart, info.WindowEnd));
        Assert.Equal("https://ca.example/incident", info.ExplanationUrl);
    }

    [Theory]
    [InlineData(null, 6 * 3600)]
    [InlineData("21600", 21600)]
    [InlineData("7200", 7200)]
    [InlineData("0", 60)]
    [InlineData("31536000", 86400)]
    [InlineData("Tue, 01 Sep 2026 15:00:00 GMT", 3 * 3600)]
    public async Task AsksAgainWhenTheCaSaysWithinSensibleLimits(string? retryAfter, int seconds)
    {
        await using var session = await AcmeSession.StartAsync();
        session.Behaviour.RetryAfter = resource => resource == FakeResource.RenewalInfo ? retryAfter : null;
        Assert.Equal(TimeSpan.FromSeconds(seconds), (await AskAsync(session))!.AskAgainIn);
    }

    [Fact]
    public async Task TakesAWindowThatEndsBeforeItStartsForNoAnswer()
    {
        await using var session = await AcmeSession.StartAsync();
        session.Behaviour.RenewalWindow = _ => (Start, Start);
        var error = await Assert.ThrowsAsync<AcmeException>(() => AskAsync(session));
        Assert.Contains("before it starts", error.Message);
    }

    [Fact]
    public async Task HasNoAdviceFromACaWithoutIt()
    {
        await using var session = await AcmeSession.StartAsync(new FakeAcmeOptions { HasRenewalInfo = false });
        Assert.Null(await AskAsync(session));
        Assert.Equal(0, session.Server.Requests(FakeResource.RenewalInfo));
    }

    [Fact]
    public async Task FailsForACertificateOfAnotherCa()
    {
        await using var session = await AcmeSession.StartAsync();
        var client = await session.ConnectAsync();
        var error = await Assert.ThrowsAsync<AcmeException>(
            () => client.GetRenewalInfoAsync("aYhba4dGQEHhs3uEe6CuLN4ByNQ.AIdlQyE", AcmeSession.Token));
        Assert.Equal(404, error.StatusCode);
    }

    private static async Task<RenewalInfo?> AskAsync(AcmeSession session)
    {
        var issued = await session.ObtainAsync("example.com");
        using var certificate = X509Certificate2.CreateFromPem(issued.ChainPem);
        var client = await session.ConnectAsync();
        return await client.GetRenewalInfoAsync(RenewalInfo.CertificateId(certificate)!, AcmeSession.Token);
    }
}
