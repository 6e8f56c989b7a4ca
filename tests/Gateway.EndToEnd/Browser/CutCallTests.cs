using Gateway.EndToEnd.Harness;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace Gateway.EndToEnd.Browser;

/// <summary>What the person at the screen sees when something breaks.</summary>
public sealed class CutCallTests : IAsyncLifetime
{
    private static readonly LocatorAssertionsToHaveAttributeOptions Soon = new() { Timeout = 60_000 };

    private readonly TestFolder _folder = new();
    private BackendsProcess _backends = null!;
    private GatewayProcess _gateway = null!;
    private Chromium _chromium = null!;

    public async ValueTask InitializeAsync()
    {
        await Trust.InstallAsync(_folder);
        _backends = await BackendsProcess.StartAsync(_folder);
        _gateway = await GatewayProcess.RunAsync(_folder, _backends.Behind(new GatewayJson().Https()));
        _chromium = await Chromium.StartAsync(_folder);
    }

    public async ValueTask DisposeAsync()
    {
        await _chromium.DisposeAsync();
        await _gateway.DisposeAsync();
        await _backends.DisposeAsync();
        _folder.Dispose();
    }

    [Fact]
    public async Task AServiceThatDiesDuringACallIsToldInWordsAndTheNextCallToo()
    {
        var page = await _chromium.OpenAsync(_gateway.HttpsAddress);
        await page.ClickAsync("#call-start");
        await Expect(page.Locator("#call-state")).ToHaveAttributeAsync("data-state", "ready", Soon);

        ProcessFamily.Send(_backends.Program.ProcessId, 9);

        await Expect(page.Locator("#call-state")).ToHaveAttributeAsync("data-state", "error", Soon);
        await Expect(page.Locator("#call-error")).ToContainTextAsync("The call was cut");

        await page.ClickAsync("#call-start");

        await Expect(page.Locator("#call-state")).ToHaveAttributeAsync("data-state", "error", Soon);
        await Expect(page.Locator("#call-error")).ToContainTextAsync("The call could not be connected");
        await page.ClickAsync("#speak");
        await Expect(page.Locator("#tts-error")).ToContainTextAsync("The service behind the gateway did not answer (502)");
    }
}
