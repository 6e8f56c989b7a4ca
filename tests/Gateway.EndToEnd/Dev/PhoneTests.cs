using System.Text;
using Gateway.EndToEnd.Harness;
using Microsoft.Playwright;

namespace Gateway.EndToEnd.Dev;

/// <summary><c>gateway dev --lan</c> as who holds a phone sees it: a code to scan, the setup page, four ticks.</summary>
[Collection(DevPorts.Collection)]
public sealed class PhoneTests : IDisposable
{
    private const string Address = "192.168.77.1";

    // The machine may be busy with other things.
    public PhoneTests() => Assertions.SetDefaultExpectTimeout(60_000);

    private readonly TestFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task APhoneScansTrustsAndTests()
    {
        var scanner = Require.Tool("zbarimg");
        Require.Root();
        // An address of a private network, as a phone would use it.
        await RunningProgram.RunAsync("ip", ["addr", "replace", Address + "/32", "dev", "lo"]);
        await Trust.InstallAsync(_folder);
        await using var gateway = await GatewayProcess.DevAsync(_folder, lan: true);
        await gateway.Program.WaitForLineAsync("fingerprint");

        // 1. The code says where the setup page is.
        var code = gateway.Program.Output.Lines.Where(line => line.Contains('█', StringComparison.Ordinal)).ToArray();
        var picture = Path.Combine(_folder.Path, "code.pgm");
        File.WriteAllBytes(picture, Picture(code));
        var scanned = await RunningProgram.RunAsync(scanner, ["--quiet", "--raw", picture]);
        var setup = new Uri($"http://{Address}:{DevPorts.Http}/phone");
        Assert.Equal(setup.ToString(), scanned.Output.Trim());

        // 2. The page fits the device, in both languages.
        await using var chromium = await Chromium.StartAsync(_folder);
        foreach (var (device, agent, width, locale) in new[]
        {
            ("ios", "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 Version/18.0 Mobile/15E148 Safari/604.1", 390, "zh-CN"),
            ("android", "Mozilla/5.0 (Linux; Android 15; Pixel 8) AppleWebKit/537.36 Chrome/140.0 Mobile Safari/537.36", 390, "en-US"),
            ("windows", "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/140.0 Safari/537.36", 1280, "en-US"),
        })
        {
            await using var context = await chromium.Browser.NewContextAsync(new BrowserNewContextOptions
            {
                UserAgent = agent,
                Locale = locale,
                ViewportSize = new ViewportSize { Width = width, Height = 844 },
                DeviceScaleFactor = 2,
            });
            var page = await context.NewPageAsync();
            await page.GotoAsync(setup.ToString());
            await Assertions.Expect(page.Locator("details[open]")).ToHaveIdAsync(device);
            await Assertions.Expect(page.Locator("h1")).ToHaveTextAsync(locale == "zh-CN" ? "信任这台开发机" : "Trust this development machine", new() { UseInnerText = true });
            Assert.True(await page.EvaluateAsync<bool>("() => document.documentElement.scrollWidth <= document.documentElement.clientWidth"), device);
            await KeepAsync(page, $"phone-setup-{device}-{locale}");
        }

        // 3. The test page: four ticks there, and in the terminal.
        var phone = await chromium.OpenAsync(setup);
        await phone.Locator("#test").ClickAsync();
        // By looking: WaitForURLAsync waits for an event of loading, which it may have missed.
        await Assertions.Expect(phone).ToHaveURLAsync($"https://{Address}:{DevPorts.Https}/.gateway/phone");
        await phone.Locator("#start").ClickAsync();
        await Assertions.Expect(phone.Locator("li.ok")).ToHaveCountAsync(4);
        await KeepAsync(phone, "phone-test-en-US");
        foreach (var check in new[] { "secure context", "microphone", "camera", "WebSocket (wss)" })
        {
            await gateway.Program.WaitForLineAsync($"[ok]      {check}");
        }
    }

    private static async Task KeepAsync(IPage page, string name)
    {
        if (Environment.GetEnvironmentVariable("GATEWAY_TESTS_SCREENSHOTS") is { Length: > 0 } folder)
        {
            await page.ScreenshotAsync(new PageScreenshotOptions { Path = Path.Combine(folder, name + ".png"), FullPage = true });
        }
    }

    /// <summary>What a camera would see of the terminal: two rows of modules a line, white where the block is.</summary>
    private static byte[] Picture(string[] lines)
    {
        const int Scale = 6;
        var text = lines.Select(line => line.Trim('\r')[2..]).ToArray();
        var (width, height) = (text[0].Length * Scale, text.Length * 2 * Scale);
        var pixels = new byte[width * height];
        for (var y = 0; y < height; y++)
        {
            for (var x = 0; x < width; x++)
            {
                var row = y / Scale;
                var block = text[row / 2][x / Scale];
                var isWhite = block == '█' || block == (row % 2 == 0 ? '▀' : '▄');
                pixels[(y * width) + x] = isWhite ? (byte)255 : (byte)0;
            }
        }

        return [.. Encoding.ASCII.GetBytes($"P5\n{width} {height}\n255\n"), .. pixels];
    }
}
