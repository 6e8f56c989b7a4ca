using System.Net;
using Gateway.Boundary.Access;
using Gateway.Configuration;
using Gateway.Tests.Certificates;
using Gateway.Tests.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Time.Testing;
using Microsoft.IdentityModel.Tokens;

namespace Gateway.Tests.Boundary.Access;

public sealed class SigningKeysTests : IDisposable
{
    private readonly TestFolder _folder = new();
    private readonly TestIssuer _issuer = new();
    private readonly FakeTimeProvider _time = new();
    private readonly ListLogger<SigningKeys> _log = new();
    private readonly HttpClient _http = IssuerHttp.CreateClient();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        _http.Dispose();
        _issuer.Dispose();
        _folder.Dispose();
    }

    private SigningKeys Keys(string? file, Uri? url) => new(new JwtOptions(TestIssuer.Name, TestIssuer.Audience, file, url), _http, _time, _log);

    private static async Task<int?> CountAsync(SigningKeys keys, string keyId, string algorithm = "RS256") =>
        (await keys.FindAsync(algorithm, keyId, Cancellation))?.Count;

    [Fact]
    public async Task AChangedFileIsReadAgainAndABrokenOneIsNot()
    {
        var path = _folder["jwks.json"];
        File.WriteAllText(path, TestIssuer.Set(_issuer.RsaKey));
        var keys = Keys(path, null);
        Assert.Equal(1, await CountAsync(keys, "rsa"));
        Assert.Equal(0, await CountAsync(keys, "ec", "ES256"));

        File.WriteAllText(path, TestIssuer.Set(_issuer.EcKey));
        _time.Advance(TimeSpan.FromSeconds(2));
        Assert.Equal(1, await CountAsync(keys, "ec", "ES256"));
        Assert.Equal(0, await CountAsync(keys, "rsa"));

        File.WriteAllText(path, "{ broken");
        _time.Advance(TimeSpan.FromSeconds(2));
        Assert.Equal(1, await CountAsync(keys, "ec", "ES256"));
        Assert.Contains("the keys from before stay in use", Assert.Single(_log.Entries).Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task AnUnknownKeyIsAskedForOnceAMinute()
    {
        var asked = 0;
        var set = TestIssuer.Set(_issuer.RsaKey);
        await using var service = await TestService.StartAsync(context =>
        {
            Interlocked.Increment(ref asked);
            return context.Response.WriteAsync(set);
        });
        var keys = Keys(null, new Uri(service.Address + "/jwks.json"));
        for (var i = 0; i < 100; i++)
        {
            Assert.Equal(0, await CountAsync(keys, $"unknown {i}"));
        }

        Assert.Equal(1, await CountAsync(keys, "rsa"));
        Assert.Equal(1, asked);

        set = TestIssuer.Set(_issuer.RsaKey, _issuer.EcKey);
        _time.Advance(TimeSpan.FromMinutes(1));
        Assert.Equal(1, await CountAsync(keys, "ec", "ES256"));
        Assert.Equal(2, asked);
    }

    [Fact]
    public async Task ManyAtOnceAskOnce()
    {
        var asked = 0;
        var mayAnswer = new TaskCompletionSource();
        await using var service = await TestService.StartAsync(async context =>
        {
            Interlocked.Increment(ref asked);
            await mayAnswer.Task;
            await context.Response.WriteAsync(TestIssuer.Set(_issuer.RsaKey));
        });
        var keys = Keys(null, new Uri(service.Address));
        var waiting = Enumerable.Range(0, 50).Select(_ => CountAsync(keys, "rsa")).ToArray();
        mayAnswer.SetResult();

        Assert.All(await Task.WhenAll(waiting), count => Assert.Equal(1, count));
        Assert.Equal(1, asked);
    }

    [Fact]
    public async Task AnIssuerThatFailsIsAskedLessAndLessAndItsKeysStay()
    {
        var asked = 0;
        var status = HttpStatusCode.OK;
        await using var service = await TestService.StartAsync(context =>
        {
            Interlocked.Increment(ref asked);
            context.Response.StatusCode = (int)status;
            return context.Response.WriteAsync(TestIssuer.Set(_issuer.RsaKey));
        });
        var keys = Keys(null, new Uri(service.Address));
        Assert.Equal(1, await CountAsync(keys, "rsa"));

        status = HttpStatusCode.InternalServerError;
        _time.Advance(TimeSpan.FromMinutes(2));
        for (var second = 0; second < 3600; second++)
        {
            Assert.Equal(0, await CountAsync(keys, "unknown"));
            _time.Advance(TimeSpan.FromSeconds(1));
        }

        Assert.InRange(asked, 10, 25);
        Assert.Equal(1, await CountAsync(keys, "rsa"));

        status = HttpStatusCode.OK;
        _time.Advance(TimeSpan.FromMinutes(5));
        Assert.Equal(0, await CountAsync(keys, "unknown"));
        Assert.Equal(1, await CountAsync(keys, "rsa"));
    }

    [Theory]
    [InlineData(302)]
    [InlineData(404)]
    public async Task NoKeysAreNullAndARedirectIsNotFollowed(int status)
    {
        await using var elsewhere = await TestService.StartAsync(context => context.Response.WriteAsync(TestIssuer.Set(_issuer.RsaKey)));
        await using var service = await TestService.StartAsync(context =>
        {
            context.Response.StatusCode = status;
            context.Response.Headers.Location = elsewhere.Address;
            return Task.CompletedTask;
        });

        Assert.Null(await CountAsync(Keys(null, new Uri(service.Address)), "rsa"));
    }

    [Fact]
    public async Task ASetWithoutEndIsNotRead()
    {
        await using var service = await TestService.StartAsync(async context =>
        {
            for (var i = 0; i < 1000 && !context.RequestAborted.IsCancellationRequested; i++)
            {
                await context.Response.Body.WriteAsync(new byte[64 * 1024], context.RequestAborted);
            }
        });

        Assert.Null(await CountAsync(Keys(null, new Uri(service.Address)), "rsa"));
    }

    [Theory]
    [InlineData("")]
    [InlineData("[]")]
    [InlineData("{}")]
    [InlineData("{\"keys\":[]}")]
    [InlineData("{\"keys\":[{\"kty\":\"oct\",\"k\":\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\"}]}")]
    [InlineData("{\"keys\":[{\"kty\":\"RSA\",\"n\":\"AQAB\",\"e\":\"AQAB\"}]}")]
    [InlineData("{\"keys\":[{\"kty\":\"EC\",\"crv\":\"P-256\"}]}")]
    public void ASetWithoutAUsableKeyIsRefused(string json) =>
        Assert.Throws<FormatException>(() => JsonWebKeys.Parse(System.Text.Encoding.UTF8.GetBytes(json)));

    [Fact]
    public void AKeyIsUsedForItsOwnAlgorithmOnly()
    {
        var pinned = _issuer.RsaKey;
        pinned["alg"] = "RS512";
        var rsa = JsonWebKeys.Parse(System.Text.Encoding.UTF8.GetBytes(TestIssuer.Set(pinned)))[0];
        var ec = JsonWebKeys.Parse(System.Text.Encoding.UTF8.GetBytes(TestIssuer.Set(_issuer.EcKey)))[0];

        Assert.Equal(["RS512"], JsonWebKeys.Algorithms.Append(SecurityAlgorithms.HmacSha256).Append("none").Where(a => JsonWebKeys.Fits(rsa, a, null)));
        Assert.Equal(["ES256"], JsonWebKeys.Algorithms.Append(SecurityAlgorithms.HmacSha256).Append("none").Where(a => JsonWebKeys.Fits(ec, a, "ec")));
    }
}
