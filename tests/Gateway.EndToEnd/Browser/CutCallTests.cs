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
    private RunningProgram _video = null!;
    private GatewayProcess _gateway = null!;
    private Chromium _chromium = null!;

    public async ValueTask InitializeAsync()
    {
        await Trust.InstallAsync(_folder);
        _backends = await BackendsProcess.StartAsync(_folder);
        // The one that is to die is a process of its own.
        var port = Ports.Free();
        _video = RunningProgram.Start(
            Repository.Backends, ["video"], _folder, new Dictionary<string, string?> { ["VIDEO_PORT"] = $"{port}" });
        await _video.WaitForLineAsync($"127.0.0.1:{port}");
        _gateway = await GatewayProcess.RunAsync(
            _folder, _backends.Behind(new GatewayJson().Https()).Route("video", "/ws/{**rest}", $"http://127.0.0.1:{port}"));
        _chromium = await Chromium.StartAsync(_folder);
    }

    public async ValueTask DisposeAsync()
    {
        await _chromium.DisposeAsync();
        await _gateway.DisposeAsync();
        await _video.DisposeAsync();
        await _backends.DisposeAsync();
        _folder.Dispose();
    }

    [Fact]
    public async Task AServiceThatDiesDuringACallIsToldInWordsAndSoIsTheNextCall()
    {
        var page = await _chromium.OpenAsync(_gateway.HttpsAddress);
        await page.ClickAsync("#call-start");
        await Expect(page.Locator("#call-state")).ToHaveAttributeAsync("data-state", "ready", Soon);

        ProcessFamily.Send(_video.ProcessId, 9);

        await Expect(page.Locator("#call-state")).ToHaveAttributeAsync("data-state", "error", Soon);
        await Expect(page.Locator("#call-error")).ToContainTextAsync("The call was cut");

        await page.ClickAsync("#call-start");

        await Expect(page.Locator("#call-state")).ToHaveAttributeAsync("data-state", "error", Soon);
        await Expect(page.Locator("#call-error")).ToContainTextAsync("The call could not be connected");
    }

    [Fact]
    public async Task AServiceThatIsDownIsToldInWords()
    {
        var page = await _chromium.OpenAsync(_gateway.HttpsAddress);
        ProcessFamily.Send(_backends.Program.ProcessId, 9);
        await _backends.Program.WaitForExitAsync();

        await page.ClickAsync("#speak");

        await Expect(page.Locator("#tts-error")).ToContainTextAsync("The service behind the gateway did not answer (502)");
    }
}
