using Gateway.EndToEnd.Harness;
using Microsoft.Playwright;

namespace Gateway.EndToEnd.Status;

/// <summary>The status page in a real browser, on a desktop and on a phone, in both languages.</summary>
public sealed class PageTests
{
    // The machine may be busy with other things.
    public PageTests() => Assertions.SetDefaultExpectTimeout(60_000);

    private const string IsWithinTheScreen = "() => document.documentElement.scrollWidth <= document.documentElement.clientWidth";

    [Fact]
    public async Task ShowsThePersonWhatTheGatewayDoes()
    {
        await using var watched = await WatchedGateway.StartAsync();
        await using var chromium = await Chromium.StartAsync(watched.Folder);
        foreach (var (name, width, height, locale) in new[] { ("desktop", 1280, 900, "en-US"), ("desktop", 1280, 900, "zh-CN"), ("phone", 390, 844, "en-US"), ("phone", 390, 844, "zh-CN") })
        {
            await using var context = await chromium.Browser.NewContextAsync(new BrowserNewContextOptions
            {
                Locale = locale,
                ViewportSize = new ViewportSize { Width = width, Height = height },
                DeviceScaleFactor = 2,
                ColorScheme = name == "phone" && locale == "zh-CN" ? ColorScheme.Dark : ColorScheme.Light,
            });
            var page = await context.NewPageAsync();
            var (complaints, foreign) = (new List<string>(), new List<string>());
            page.Console += (_, message) => complaints.Add(message.Text);
            page.PageError += (_, error) => complaints.Add(error);
            page.Request += (_, request) =>
            {
                if (new Uri(request.Url).Authority != watched.Admin.Authority)
                {
                    foreign.Add(request.Url);
                }
            };

            await page.GotoAsync(watched.Admin.ToString());

            await Assertions.Expect(page.Locator("#state")).ToHaveTextAsync(locale == "zh-CN" ? "正常" : "Ready");
            await Assertions.Expect(page.Locator("tr[data-route=voice] td[data-label]").Nth(2)).ToHaveTextAsync("12");
            await Assertions.Expect(page.Locator("tr[data-call]")).ToHaveCountAsync(1);
            await Assertions.Expect(page.Locator("tr[data-call]")).ToContainTextAsync("/ws/video");
            await Assertions.Expect(page.Locator("#services .pill[data-tone=bad]")).ToHaveCountAsync(1);
            await Assertions.Expect(page.Locator("#problems")).ToContainTextAsync(locale == "zh-CN" ? "拒绝连接：那里没有程序在监听" : "refused the connection: nothing listens there");
            await Assertions.Expect(page.Locator("#certificates .pill")).ToContainTextAsync(locale == "zh-CN" ? "天" : "days left");
            Assert.True(await page.EvaluateAsync<bool>(IsWithinTheScreen), $"{name} {locale}: wider than the screen");
            if (Environment.GetEnvironmentVariable("GATEWAY_TESTS_SCREENSHOTS") is { Length: > 0 } folder)
            {
                await page.ScreenshotAsync(new PageScreenshotOptions { Path = Path.Combine(folder, $"status-{name}-{locale}.png"), FullPage = true });
            }

            Assert.Empty(complaints);
            Assert.Empty(foreign);
        }
    }

    [Fact]
    public async Task IsLiveAndSaysWhenTheGatewayHasGone()
    {
        await using var watched = await WatchedGateway.StartAsync();
        await using var chromium = await Chromium.StartAsync(watched.Folder);
        var page = await chromium.OpenAsync(watched.Admin);
        await Assertions.Expect(page.Locator("tr[data-route=voice] td[data-label]").Nth(2)).ToHaveTextAsync("12");

        using var client = watched.Gateway.CreateClient();
        using var answer = await client.GetAsync("/api/voices", TestContext.Current.CancellationToken);
        await Assertions.Expect(page.Locator("tr[data-route=voice] td[data-label]").Nth(2)).ToHaveTextAsync("13");

        await page.ClickAsync("#lang");
        await Assertions.Expect(page.Locator("#state")).ToHaveTextAsync("正常");
        await page.ReloadAsync();
        await Assertions.Expect(page.Locator("#state")).ToHaveTextAsync("正常");

        watched.Gateway.Program.Family.Kill();
        await Assertions.Expect(page.Locator("#state")).ToHaveTextAsync("无响应");
        await Assertions.Expect(page.Locator("#notices")).ToContainTextAsync("网关没有响应");
    }
}
