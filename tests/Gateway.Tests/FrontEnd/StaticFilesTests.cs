using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using Gateway.Configuration;
using Gateway.Tests.Certificates;
using Gateway.Tests.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc.Testing;
using Yarp.ReverseProxy.Configuration;

namespace Gateway.Tests.FrontEnd;

/// <summary>A built front end, served by the gateway itself.</summary>
public sealed class StaticFilesTests : IDisposable
{
    private readonly TestFolder _folder = new();

    public StaticFilesTests()
    {
        Write("index.html", "<h1>the app</h1>");
        Write("assets/app-1a2b.js", "script");
        Write("assets/app-1a2b.js.br", "brotli");
        Write("assets/app-1a2b.js.gz", "gzip");
        Write("docs/index.html", "<h1>docs</h1>");
        Write(".env", "SECRET=1");
        Write(".well-known/security.txt", "Contact: mailto:a@example.com");
        File.WriteAllText(_folder["outside.txt"], "outside");
    }

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    private string Root => _folder["dist"];

    private void Write(string path, string text)
    {
        var file = Path.Combine(Root, path);
        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        File.WriteAllText(file, text);
    }

    /// <summary>The site, with a service at /api/.</summary>
    private async Task<HttpResponseMessage> AskAsync(
        string path, Func<SiteOptions, SiteOptions>? change = null, Action<HttpRequestMessage>? request = null, IReadOnlyDictionary<string, AccessPolicy>? access = null)
    {
        await using var service = await TestService.StartAsync(context => context.Response.WriteAsync("the service"));
        var configuration = TestConfiguration.ForService(service.Address);
        var options = new SiteOptions(Root) { Fallback = "index.html" };
        await using var gateway = new GatewayFactory(configuration with
        {
            Routes = [configuration.Routes[0] with { Match = new RouteMatch { Path = "/api/{**rest}" } }],
            Gateway = new GatewayOptions { StaticFiles = change?.Invoke(options) ?? options, Access = access ?? new Dictionary<string, AccessPolicy>() },
        });
        using var message = new HttpRequestMessage(HttpMethod.Get, "https://localhost" + path);
        request?.Invoke(message);
        return await gateway.CreateClient(new WebApplicationFactoryClientOptions { AllowAutoRedirect = false }).SendAsync(message, Cancellation);
    }

    private static Task<string> TextAsync(HttpResponseMessage response) => response.Content.ReadAsStringAsync(Cancellation);

    [Theory]
    [InlineData("/", "<h1>the app</h1>", "text/html; charset=utf-8")]
    [InlineData("/index.html", "<h1>the app</h1>", "text/html; charset=utf-8")]
    [InlineData("/assets/app-1a2b.js?v=1", "script", "text/javascript; charset=utf-8")]
    [InlineData("/docs/", "<h1>docs</h1>", "text/html; charset=utf-8")]
    [InlineData("/.well-known/security.txt", "Contact: mailto:a@example.com", "text/plain; charset=utf-8")]
    [InlineData("/api/voices", "the service", null)]
    public async Task ServesWhatNoRouteTakes(string path, string expected, string? type)
    {
        using var response = await AskAsync(path);

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal(expected, await TextAsync(response));
        Assert.Equal(type, response.Content.Headers.ContentType?.ToString());
    }

    [Theory]
    [InlineData("/settings/profile", "*/*", HttpStatusCode.OK)]
    [InlineData("/people/a.b", "text/html,*/*;q=0.8", HttpStatusCode.OK)]
    [InlineData("/assets/gone.js", "*/*", HttpStatusCode.NotFound)]
    public async Task AddressesOfTheFrontEndsRouterGetItsPageAndMissingFilesDoNot(string path, string accept, HttpStatusCode expected)
    {
        using var response = await AskAsync(path, request: message => message.Headers.Accept.ParseAdd(accept));
        using var without = await AskAsync(path, options => options with { Fallback = null }, message => message.Headers.Accept.ParseAdd(accept));

        Assert.Equal((expected, HttpStatusCode.NotFound), (response.StatusCode, without.StatusCode));
        Assert.Equal(expected == HttpStatusCode.OK, await TextAsync(response) == "<h1>the app</h1>");
    }

    [Theory]
    [InlineData("/.env")]
    [InlineData("/.git/config")]
    [InlineData("/../outside.txt")]
    [InlineData("/assets/../../outside.txt")]
    [InlineData("/%2e%2e/outside.txt")]
    [InlineData("/..%2foutside.txt")]
    [InlineData("/assets")]
    [InlineData("/assets/")]
    public async Task NeverServesWhatIsHiddenOrOutsideOrAListing(string path)
    {
        using var response = await AskAsync(path, options => options with { Fallback = null });

        Assert.Contains(response.StatusCode, new[] { HttpStatusCode.NotFound, HttpStatusCode.BadRequest });
        Assert.DoesNotContain("outside\"", await TextAsync(response), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("br, gzip", "br", "brotli")]
    [InlineData("gzip", "gzip", "gzip")]
    [InlineData("br;q=0, *", "gzip", "gzip")]
    [InlineData("identity", null, "script")]
    public async Task GivesTheFileThatTheBuildHasCompressedToWhoAcceptsIt(string accept, string? encoding, string content)
    {
        using var response = await AskAsync("/assets/app-1a2b.js", request: message => message.Headers.AcceptEncoding.ParseAdd(accept));

        Assert.Equal(encoding is null ? [] : [encoding], response.Content.Headers.ContentEncoding);
        Assert.Equal(["Accept-Encoding"], response.Headers.Vary);
        Assert.Equal("text/javascript", response.Content.Headers.ContentType?.MediaType);
        Assert.Equal(content, await TextAsync(response));
    }

    [Fact]
    public async Task ACompressedFileOfAnOlderBuildIsLeftOut()
    {
        File.SetLastWriteTimeUtc(Path.Combine(Root, "assets/app-1a2b.js.br"), new DateTime(2020, 1, 1, 0, 0, 0, DateTimeKind.Utc));

        using var response = await AskAsync("/assets/app-1a2b.js", request: message => message.Headers.AcceptEncoding.ParseAdd("br"));

        Assert.Equal("script", await TextAsync(response));
    }

    [Fact]
    public async Task BrowsersAskWhetherAFileHasChangedUnlessARuleSaysHowLongToKeepIt()
    {
        SiteOptions WithRules(SiteOptions options) => options with
        {
            CacheControl = [new("/assets/**", "public, max-age=31536000, immutable"), new("**", "no-store")],
        };

        using var unruled = await AskAsync("/assets/app-1a2b.js");
        using var asset = await AskAsync("/assets/app-1a2b.js", WithRules);
        using var page = await AskAsync("/docs/", WithRules);
        using var fallback = await AskAsync("/settings", WithRules);
        using var again = await AskAsync("/assets/app-1a2b.js", request: message => message.Headers.IfNoneMatch.Add(unruled.Headers.ETag!));
        using var weak = await AskAsync("/assets/app-1a2b.js", request: message => message.Headers.IfNoneMatch.Add(new EntityTagHeaderValue(unruled.Headers.ETag!.Tag, isWeak: true)));

        Assert.Equal("no-cache", unruled.Headers.CacheControl?.ToString());
        Assert.Equal("public, max-age=31536000, immutable", string.Join(", ", asset.Headers.GetValues("Cache-Control")));
        Assert.Equal("no-store", page.Headers.CacheControl?.ToString());
        Assert.Equal("no-cache", fallback.Headers.CacheControl?.ToString());
        Assert.Equal((HttpStatusCode.NotModified, ""), (again.StatusCode, await TextAsync(again)));
        Assert.Equal(HttpStatusCode.NotModified, weak.StatusCode);
    }

    [Fact]
    public async Task AChangedFileHasAnotherTag()
    {
        using var before = await AskAsync("/");
        Write("index.html", "<h1>the new</h1>");
        File.SetLastWriteTimeUtc(Path.Combine(Root, "index.html"), TimeProvider.System.GetUtcNow().UtcDateTime.AddMinutes(1));
        using var after = await AskAsync("/", request: message => message.Headers.IfNoneMatch.Add(before.Headers.ETag!));

        Assert.Equal((HttpStatusCode.OK, "<h1>the new</h1>"), (after.StatusCode, await TextAsync(after)));
    }

    [Fact]
    public async Task APartOfAFileCanBeAskedFor()
    {
        using var response = await AskAsync("/assets/app-1a2b.js", request: message => message.Headers.Range = new RangeHeaderValue(1, 2));

        Assert.Equal((HttpStatusCode.PartialContent, "cr"), (response.StatusCode, await TextAsync(response)));
    }

    [Fact]
    public async Task AFolderWithoutItsSlashIsRedirected()
    {
        using var response = await AskAsync("/docs?a=b");

        Assert.Equal((HttpStatusCode.MovedPermanently, "/docs/?a=b"), (response.StatusCode, response.Headers.Location?.ToString()));
    }

    [Fact]
    public async Task OtherMethodsAre405AndHeadHasNoBody()
    {
        using var post = await AskAsync("/", request: message => message.Method = HttpMethod.Post);
        using var head = await AskAsync("/", request: message => message.Method = HttpMethod.Head);

        Assert.Equal((HttpStatusCode.MethodNotAllowed, "GET, HEAD"), (post.StatusCode, string.Join(", ", post.Content.Headers.Allow)));
        Assert.Equal((HttpStatusCode.OK, 16, ""), (head.StatusCode, (int)head.Content.Headers.ContentLength!, await TextAsync(head)));
    }

    [Fact]
    public async Task APolicyGuardsTheFiles()
    {
        var access = new Dictionary<string, AccessPolicy> { ["office"] = new AccessPolicy("office") { Allow = [IPNetwork.Parse("10.0.0.0/8")] } };

        using var response = await AskAsync("/", options => options with { AuthorizationPolicy = "office" }, access: access);

        Assert.Equal(HttpStatusCode.Forbidden, response.StatusCode);
        Assert.DoesNotContain("the app", await TextAsync(response), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/assets/**", "assets/a/b.js", true)]
    [InlineData("assets/*", "assets/a/b.js", false)]
    [InlineData("*.js", "assets/a/b.js", true)]
    [InlineData("*.js", "a.jsx", false)]
    [InlineData("/*.html", "index.html", true)]
    [InlineData("/*.html", "docs/index.html", false)]
    [InlineData("**/fonts/*.woff2", "fonts/a.woff2", true)]
    [InlineData("a+b.js", "a+b.js", true)]
    public void APatternMatchesAsPeopleExpect(string pattern, string path, bool expected) =>
        Assert.Equal(expected, new CacheRule(pattern, "no-store").Matches(path));

    [Fact]
    public void CheckNamesWhatIsMissing()
    {
        string[] Errors(SiteOptions options) =>
            [.. Gateway.FrontEnd.StaticFilesValidator.Validate(new GatewayConfiguration { FilePath = "gateway.json", Gateway = new GatewayOptions { StaticFiles = options } })
                .Select(error => string.Create(CultureInfo.InvariantCulture, $"{error.Path}: {error.Value}: {error.Rule}"))];

        Assert.Empty(Errors(new SiteOptions(Root) { Fallback = "/index.html" }));
        Assert.Equal([$"Gateway:StaticFiles:Root: {Root}s: there is no such folder"], Errors(new SiteOptions(Root + "s")));
        Assert.Equal([$"Gateway:StaticFiles:Fallback: app.html: there is no such file in {Root}"], Errors(new SiteOptions(Root) { Fallback = "app.html" }));
    }
}
