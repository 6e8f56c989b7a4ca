using Microsoft.Playwright;

namespace Gateway.EndToEnd.Harness;

/// <summary>
/// Debian's Chromium with a made-up microphone and camera. It trusts what its user's certificate database trusts:
/// there is no flag here that makes it overlook a certificate.
/// </summary>
internal sealed class Chromium : IAsyncDisposable
{
    private readonly IPlaywright _playwright;
    private readonly ProcessFamily _family;

    private Chromium(IPlaywright playwright, IBrowser browser, ProcessFamily family) =>
        (_playwright, Browser, _family) = (playwright, browser, family);

    public IBrowser Browser { get; }

    /// <param name="folder">Whose home has the certificate database.</param>
    public static async Task<Chromium> StartAsync(TestFolder folder)
    {
        var path = Require.Tool("chromium");
        var family = new ProcessFamily();
        var environment = new Dictionary<string, string?>
        {
            ["HOME"] = folder.Home,
            ["PATH"] = Environment.GetEnvironmentVariable("PATH"),
            ["TMPDIR"] = folder.Path,
        };
        family.Mark(environment);
        var playwright = await Playwright.CreateAsync();
        var browser = await playwright.Chromium.LaunchAsync(new BrowserTypeLaunchOptions
        {
            ExecutablePath = path,
            Env = environment.Select(variable => KeyValuePair.Create(variable.Key, variable.Value ?? "")),
            Args =
            [
                "--use-fake-device-for-media-stream",
                "--use-fake-ui-for-media-stream",
                "--autoplay-policy=no-user-gesture-required",
                "--disable-gpu",
                "--no-first-run",
                "--disable-background-networking",
                "--disable-component-update",
                "--disable-sync",
            ],
            // Chromium's own sandbox does not work for root.
            ChromiumSandbox = !Environment.IsPrivilegedProcess,
            Timeout = 60_000,
        });
        return new Chromium(playwright, browser, family);
    }

    /// <summary>A page as a new visitor with this language sees it, after it was loaded.</summary>
    public async Task<IPage> OpenAsync(Uri address, string locale = "en-US")
    {
        var context = await Browser.NewContextAsync(new BrowserNewContextOptions { Locale = locale });
        context.SetDefaultTimeout(30_000);
        var page = await context.NewPageAsync();
        try
        {
            await page.GotoAsync(address.ToString());
        }
        catch (PlaywrightException exception) when (exception.Message.Contains("ERR_NETWORK_CHANGED", StringComparison.Ordinal))
        {
            // Another test has laid a cable in this network.
            await page.GotoAsync(address.ToString());
        }

        return page;
    }

    public async ValueTask DisposeAsync()
    {
        await Browser.CloseAsync();
        _playwright.Dispose();
        _family.Kill();
    }
}
