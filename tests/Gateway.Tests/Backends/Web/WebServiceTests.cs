using System.Net;
using System.Net.Http.Headers;
using System.Text.RegularExpressions;
using Backends.Web;

namespace Gateway.Tests.Backends.Web;

public sealed partial class WebServiceTests
{
    // The end-to-end tests and the people who drive the page find things by these.
    private static readonly string[] StableIds =
    [
        "record", "transcript", "stt-error", "speak-text", "speak", "speech-audio", "tts-error", "call-start", "call-stop", "call-state",
        "call-error", "call-transcript", "call-answer", "frames-sent", "secure-warning", "preview", "lang",
    ];

    private static readonly string[] Scripts = ["app.js", "call.js", "voice.js", "sound.js", "problems.js", "i18n.js", "pcm-worklet.js"];

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task ServesThePageWithEverythingThatItNames()
    {
        await using var service = await StartAsync();
        var page = await service.Http.GetStringAsync("", Cancel);
        var named = References().Matches(page).Select(match => match.Groups[1].Value).Where(value => value.Length > 0).Concat(Scripts).Distinct().ToList();
        Assert.Contains("style.css", named);
        foreach (var name in named)
        {
            using var response = await service.Http.GetAsync(name, Cancel);
            Assert.Equal(HttpStatusCode.OK, response.StatusCode);
            Assert.Equal(
                Path.GetExtension(name) switch { ".css" => "text/css", ".svg" => "image/svg+xml", _ => "text/javascript" },
                response.Content.Headers.ContentType?.MediaType);
        }
    }

    [Fact]
    public async Task ImportsOnlyScriptsThatThereAre()
    {
        await using var service = await StartAsync();
        foreach (var script in Scripts)
        {
            var imports = Imports().Matches(await service.Http.GetStringAsync(script, Cancel)).Select(match => match.Groups[1].Value);
            Assert.All(imports, import => Assert.Contains(import, Scripts));
        }
    }

    [Fact]
    public async Task KeepsEveryStableId()
    {
        await using var service = await StartAsync();
        var page = await service.Http.GetStringAsync("", Cancel);
        Assert.All(StableIds, id => Assert.Contains($"id=\"{id}\"", page, StringComparison.Ordinal));
        Assert.Contains("data-state=\"idle\"", page, StringComparison.Ordinal);
    }

    [Fact]
    public async Task NamesNoOtherPlaceAndNoPathFromTheRoot()
    {
        await using var service = await StartAsync();
        foreach (var file in Scripts.Append("").Append("style.css"))
        {
            var text = await service.Http.GetStringAsync(file, Cancel);
            Assert.DoesNotMatch(@"(href|src)=""(/|https?:)|fetch\('/|url\(|from '(?!\./)|127\.0\.0\.1", text);
        }
    }

    [Fact]
    public async Task SaysEverythingInBothLanguages()
    {
        await using var service = await StartAsync();
        var i18n = await service.Http.GetStringAsync("i18n.js", Cancel);
        var texts = Texts().Matches(i18n).ToDictionary(match => match.Groups[1].Value, match => (English: match.Groups[2].Value, Chinese: match.Groups[3].Value));
        Assert.All(texts, text => Assert.DoesNotMatch(@"\p{IsCJKUnifiedIdeographs}", text.Value.English));
        Assert.All(texts, text => Assert.Matches(@"\p{IsCJKUnifiedIdeographs}", text.Value.Chinese));

        var page = await service.Http.GetStringAsync("", Cancel);
        var used = PageKeys().Matches(page).Select(match => match.Groups[1].Value).ToList();
        foreach (var script in Scripts)
        {
            used.AddRange(ScriptKeys().Matches(await service.Http.GetStringAsync(script, Cancel)).Select(match => match.Groups[1].Value));
        }
        Assert.True(used.Count > 40);
        Assert.Empty(used.Except(texts.Keys));
    }

    [Fact]
    public async Task AllowsOnlyItsOwnOriginAndTheDevicesItNeeds()
    {
        await using var service = await StartAsync();
        using var response = await service.Http.GetAsync("", Cancel);
        var policy = response.Headers.GetValues("Content-Security-Policy").Single();
        Assert.Contains("default-src 'none'", policy, StringComparison.Ordinal);
        Assert.Contains("connect-src 'self'", policy, StringComparison.Ordinal);
        Assert.DoesNotContain("unsafe", policy, StringComparison.Ordinal);
        Assert.Equal("camera=(self), microphone=(self)", response.Headers.GetValues("Permissions-Policy").Single());
        Assert.Equal("nosniff", response.Headers.GetValues("X-Content-Type-Options").Single());
        // What the policy forbids must not be in the page.
        Assert.DoesNotMatch(@"\sstyle=|\son\w+=|<script>|<style>", await response.Content.ReadAsStringAsync(Cancel));
    }

    [Fact]
    public async Task IsAskedForEachTimeAndSentOnlyWhenChanged()
    {
        await using var service = await StartAsync();
        using var first = await service.Http.GetAsync("app.js", Cancel);
        Assert.True(first.Headers.CacheControl?.NoCache);
        using var request = new HttpRequestMessage(HttpMethod.Get, "app.js");
        request.Headers.IfNoneMatch.Add(first.Headers.ETag ?? throw new InvalidOperationException("no ETag"));
        using var again = await service.Http.SendAsync(request, Cancel);
        Assert.Equal(HttpStatusCode.NotModified, again.StatusCode);
        request.Dispose();
        using var changed = new HttpRequestMessage(HttpMethod.Get, "app.js") { Headers = { IfNoneMatch = { new EntityTagHeaderValue("\"old\"") } } };
        using var sent = await service.Http.SendAsync(changed, Cancel);
        Assert.Equal(HttpStatusCode.OK, sent.StatusCode);
    }

    [Fact]
    public async Task AnswersHeadAndSaysNotFound()
    {
        await using var service = await StartAsync();
        using var head = await service.Http.SendAsync(new HttpRequestMessage(HttpMethod.Head, ""), Cancel);
        Assert.Equal(HttpStatusCode.OK, head.StatusCode);
        using var missing = await service.Http.GetAsync("nothing.html", Cancel);
        Assert.Equal(HttpStatusCode.NotFound, missing.StatusCode);
    }

    private static Task<RunningService> StartAsync() => RunningService.StartAsync(WebService.Build(0));

    [GeneratedRegex("(?:href|src)=\"([^\"]*)\"")]
    private static partial Regex References();

    [GeneratedRegex(@"from '\./([^']+)'")]
    private static partial Regex Imports();

    [GeneratedRegex(@"(?s)(\w+): \[\s*'([^']*)',\s*'([^']*)'\]")]
    private static partial Regex Texts();

    [GeneratedRegex("data-i18n(?:-label|-empty)?=\"(\\w+)\"")]
    private static partial Regex PageKeys();

    [GeneratedRegex(@"(?:key: |show\(.*?, |[^.\w]text\()'(\w+)'")]
    private static partial Regex ScriptKeys();
}
