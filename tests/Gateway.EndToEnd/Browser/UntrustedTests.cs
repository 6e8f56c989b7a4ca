using Gateway.EndToEnd.Harness;
using Microsoft.Playwright;

namespace Gateway.EndToEnd.Browser;

/// <summary>That the browser of these tests does look at certificates, so that <c>cert trust</c> is what makes them pass.</summary>
public sealed class UntrustedTests
{
    [Fact]
    public async Task WithoutCertTrustTheBrowserRefusesThePage()
    {
        using var folder = new TestFolder();
        await using var gateway = await GatewayProcess.RunAsync(folder, new GatewayJson().Https().To("http://127.0.0.1:3000"));
        await using var chromium = await Chromium.StartAsync(folder);

        var refusal = await Assert.ThrowsAnyAsync<PlaywrightException>(() => chromium.OpenAsync(gateway.HttpsAddress));

        Assert.Contains("ERR_CERT_AUTHORITY_INVALID", refusal.Message, StringComparison.Ordinal);
    }
}
