using System.Text.RegularExpressions;
using Gateway.EndToEnd.Harness;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace Gateway.EndToEnd.Browser;

/// <summary>The page in a real browser, over the gateway's own HTTPS.</summary>
[Collection(DevPorts.Collection)]
public sealed partial class PageTests(TrustingBrowser visitor) : IClassFixture<TrustingBrowser>
{
    // Sound has to be made, recorded, decoded.
    private static readonly LocatorAssertionsToBeVisibleOptions VisibleSoon = new() { Timeout = 30_000 };
    private static readonly LocatorAssertionsToHaveTextOptions TextSoon = new() { Timeout = 60_000 };
    private static readonly LocatorAssertionsToHaveAttributeOptions AttributeSoon = new() { Timeout = 60_000 };

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private const string DurationOncePlaying = """
        new Promise(resolve => {
          const audio = document.getElementById('speech-audio');
          const look = () => audio.currentTime > 0.2 && resolve(audio.duration);
          audio.addEventListener('timeupdate', look);
          look();
        })
        """;

    private Uri Address => visitor.Gateway.HttpsAddress;

    [Fact]
    public async Task IsASecureContextWithMicrophoneAndCamera()
    {
        var page = await visitor.Chromium.OpenAsync(Address);

        Assert.True(await page.EvaluateAsync<bool>("isSecureContext"));
        Assert.True(await page.EvaluateAsync<bool>("!!navigator.mediaDevices.getUserMedia"));
        Assert.Equal("h2", await page.EvaluateAsync<string>("performance.getEntriesByType('navigation')[0].nextHopProtocol"));
        await Expect(page.Locator("#secure-warning")).ToBeHiddenAsync();
    }

    [Fact]
    public async Task ARecordingComesBackAsText()
    {
        Require.Tool("ffmpeg");
        var page = await visitor.Chromium.OpenAsync(Address);

        await page.ClickAsync("#record");
        await Expect(page.Locator("#record-time")).ToHaveTextAsync("0:02", TextSoon);
        await page.ClickAsync("#record");

        // The built-in engine tells how long the recording is, which only a decoded recording shows.
        await Expect(page.Locator("#transcript")).ToHaveTextAsync(Seconds(), TextSoon);
        await Expect(page.Locator("#stt-error")).ToBeEmptyAsync();
    }

    [Fact]
    public async Task ATextIsSpoken()
    {
        Require.Tool("espeak-ng");
        var page = await visitor.Chromium.OpenAsync(Address);

        await page.FillAsync("#speak-text", "This is the voice behind the gateway.");
        await page.ClickAsync("#speak");

        await Expect(page.Locator("#speech-audio")).ToBeVisibleAsync(VisibleSoon);
        var seconds = await page.EvaluateAsync<double>(DurationOncePlaying).WaitAsync(Patience, TestContext.Current.CancellationToken);
        Assert.True(seconds > 1, $"{seconds} s");
    }

    [Fact]
    public async Task ACallSendsFramesAndIsAnsweredOverHttp2()
    {
        var page = await visitor.Chromium.OpenAsync(Address);
        var log = visitor.Gateway.Program;
        var before = log.All.Count;

        await page.ClickAsync("#call-start");

        await Expect(page.Locator("#call-state")).ToHaveAttributeAsync("data-state", "ready", AttributeSoon);
        await Expect(page.Locator("#frames-sent")).Not.ToHaveTextAsync("0", TextSoon);
        await Expect(page.Locator("#call-answer")).Not.ToBeEmptyAsync(new() { Timeout = 60_000 });
        Assert.True(await page.EvaluateAsync<bool>("document.getElementById('preview').videoWidth > 0"));
        await log.WaitForLineAsync(
            line => line.Contains("WebSocket opened localhost:5443/ws/video video", StringComparison.Ordinal) && line.Contains("HTTP/2", StringComparison.Ordinal),
            "the record of a WebSocket over HTTP/2", before);

        await page.ClickAsync("#call-stop");

        await Expect(page.Locator("#call-state")).ToHaveAttributeAsync("data-state", "closed", AttributeSoon);
        await Expect(page.Locator("#call-error")).ToBeEmptyAsync();
        var closed = await log.WaitForLineAsync(
            line => line.Contains("WebSocket closed localhost:5443/ws/video", StringComparison.Ordinal), "the record of its end", before);
        // Both sides say goodbye at once.
        Assert.Matches("by (Client|Service) code 1000", closed);
        Assert.True(long.Parse(BytesFromClient().Match(closed).Groups[1].Value, System.Globalization.CultureInfo.InvariantCulture) > 10_000, closed);
    }

    [Fact]
    public async Task TheSecondPortHasThePageToo()
    {
        var page = await visitor.Chromium.OpenAsync(new Uri("https://localhost:5444/"));

        await page.ClickAsync("#call-start");

        await Expect(page.Locator("#call-state")).ToHaveAttributeAsync("data-state", "ready", AttributeSoon);
    }

    [Fact]
    public async Task SpeaksChineseToAChineseBrowser()
    {
        var page = await visitor.Chromium.OpenAsync(Address, "zh-CN");

        await Expect(page).ToHaveTitleAsync("语音与视频");
        await Expect(page.Locator("#call-start")).ToHaveTextAsync("开始通话");
        await page.ClickAsync("#lang");
        await Expect(page.Locator("#call-start")).ToHaveTextAsync("Start call");
    }

    [Fact]
    public async Task PlainHttpLeadsToTheSecurePage()
    {
        var page = await visitor.Chromium.OpenAsync(visitor.Gateway.HttpAddress);

        Assert.Equal(Address.ToString(), page.Url);
        Assert.True(await page.EvaluateAsync<bool>("isSecureContext"));
    }

    [GeneratedRegex(@"[1-9][.\d]* ?s(ec|\b)")]
    private static partial Regex Seconds();

    [GeneratedRegex(@"(\d+) B from the client")]
    private static partial Regex BytesFromClient();
}
