using System.Net;
using Gateway.Configuration;

namespace Gateway.Tests.Boundary.Access;

public sealed class ApiKeyTests
{
    private static readonly string Key = ApiKeyHash.CreateKey();
    private static readonly string OtherKey = ApiKeyHash.CreateKey();

    private static AccessPolicy Policy { get; } = new("phone")
    {
        ApiKeys = [new ApiKeyOptions("other", ApiKeyHash.Of(OtherKey)), new ApiKeyOptions("phone app", ApiKeyHash.Of(Key))],
        Query = "key",
    };

    public static TheoryData<string, string, string, string> Places => new()
    {
        // target, header, its value, target at the service
        { "/a?b=1", "Authorization", "Bearer KEY", "/a?b=1" },
        { "/a", "Authorization", "bearer  KEY", "/a" },
        { "/a", "X-API-Key", "KEY", "/a" },
        { "/a", "x-api-key", "KEY", "/a" },
        { "/a?key=KEY", "X-Other", "1", "/a" },
        { "/a?b=%2f&key=KEY&c=+%2B", "X-Other", "1", "/a?b=%2f&c=+%2B" },
        { "/a?key=KEY&b=1", "X-Other", "1", "/a?b=1" },
        { "/a?b=1&key=KEY", "X-Other", "1", "/a?b=1" },
        { "/a?%6bey=KEY", "X-Other", "1", "/a" },
        { "/a?KEY=KEY", "X-Other", "1", "/a" },
        { "/a%20b/?key=KEY", "X-Other", "1", "/a%20b/" },
    };

    [Theory]
    [MemberData(nameof(Places))]
    public async Task IsTakenInEachPlaceAndSeenByNobody(string target, string header, string value, string atService)
    {
        await using var service = await GuardedService.StartAsync(Policy);

        using var response = await service.SendAsync(
            target.Replace("=KEY", "=" + Key, StringComparison.Ordinal), (header, value.Replace("KEY", Key, StringComparison.Ordinal)));

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        var received = Assert.Single(service.Received);
        Assert.Equal(atService, received.Target);
        Assert.Equal("phone app", received.Headers["X-Authenticated-User"]);
        Assert.Equal("ApiKey", received.Headers["X-Authenticated-By"]);
        await service.Gateway.Log.WaitForAsync(line => line.Properties.ContainsKey("StatusCode"), TestContext.Current.CancellationToken);
        service.AssertSeenByNobody(Key);
    }

    [Theory]
    [InlineData("/a", "X-Other", "1", false)]
    [InlineData("/a", "Authorization", "Bearer ", false)]
    [InlineData("/a", "X-API-Key", "", false)]
    [InlineData("/a?key=", "X-Other", "1", false)]
    [InlineData("/a", "Authorization", "Bearer wrong", true)]
    [InlineData("/a", "Authorization", "KEY", false)] // no scheme
    [InlineData("/a", "Authorization", "Basic KEY", false)]
    [InlineData("/a", "X-API-Key", "wrong", true)]
    [InlineData("/a", "X-API-Key", "KEYx", true)]
    [InlineData("/a", "X-API-Key", "KEY, KEY", true)]
    [InlineData("/a", "X_API_Key", "KEY", false)]
    [InlineData("/a?key=wrong", "X-Other", "1", true)]
    [InlineData("/a?key=KEY&key=KEY", "X-Other", "1", true)]
    [InlineData("/a?key=KEY;key=x", "X-Other", "1", true)]
    [InlineData("/a?keys=KEY", "X-Other", "1", false)]
    [InlineData("/a", "Sec-WebSocket-Protocol", "gateway.key.KEY", false)] // no handshake
    public async Task WithoutTheRightOneThereIs401(string target, string header, string value, bool isWrong)
    {
        await using var service = await GuardedService.StartAsync(Policy);

        using var response = await service.SendAsync(
            target.Replace("=KEY", "=" + Key, StringComparison.Ordinal), (header, value.Replace("KEY", Key, StringComparison.Ordinal)));

        Assert.Equal(HttpStatusCode.Unauthorized, response.StatusCode);
        Assert.Equal(isWrong ? "Bearer realm=\"gateway\", error=\"invalid_token\"" : "Bearer realm=\"gateway\"", response.Headers.WwwAuthenticate.ToString());
        Assert.Empty(service.Received);
        Assert.Equal(isWrong, service.Gateway.Log.All.Any(line => line.Message.Contains("the credential is wrong", StringComparison.Ordinal)));
        service.AssertSeenByNobody(Key);
    }

    [Fact]
    public async Task AnAnswerSaysNothingAboutWhatIsBehind()
    {
        await using var service = await GuardedService.StartAsync(Policy, allowsWebSockets: false);
        var answers = new HashSet<string>();
        foreach (var target in new[] { "/", "/secret", "/a%2fb", "/?key=x" })
        {
            foreach (var key in new[] { "x", ApiKeyHash.CreateKey(), new string('k', 5000) })
            {
                using var response = await service.SendAsync(target, ("X-API-Key", key));
                var body = await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
                answers.Add($"{(int)response.StatusCode} {response.Headers.WwwAuthenticate} {System.Text.RegularExpressions.Regex.Replace(body, "\"requestId\":\"[^\"]*\"", "")}");
            }
        }

        Assert.Single(answers);
    }

    [Fact]
    public async Task TheServicesOwnAuthorizationGoesOnBesideAKeyInTheHeader()
    {
        await using var service = await GuardedService.StartAsync(Policy);

        using var response = await service.SendAsync("/", ("X-API-Key", Key), ("Authorization", "Bearer the-services-own"));

        Assert.Equal("Bearer the-services-own", Assert.Single(service.Received).Headers["Authorization"]);
    }

    [Fact]
    public async Task TwoKeysInTwoPlacesBothStayHere()
    {
        await using var service = await GuardedService.StartAsync(Policy);

        using var response = await service.SendAsync($"/?key={OtherKey}", ("X-API-Key", OtherKey), ("Authorization", "Bearer " + Key));

        Assert.Equal("phone app", Assert.Single(service.Received).Headers["X-Authenticated-User"]);
        service.AssertSeenByNobody(Key);
        service.AssertSeenByNobody(OtherKey);
    }

    [Theory]
    [InlineData("X-Authenticated-User")]
    [InlineData("X-Authenticated-By")]
    [InlineData("X-Authenticated-Roles")]
    [InlineData("X_Authenticated_User")]
    public async Task NobodyCanSayWhoTheyAre(string header)
    {
        await using var service = await GuardedService.StartAsync(new AccessPolicy("local") { Allow = [IPNetwork.Parse("127.0.0.0/8")] });

        using var response = await service.SendAsync("/", (header, "admin"));

        Assert.DoesNotContain(Assert.Single(service.Received).Headers, h => h.Value.Contains("admin", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("Zoë 100%", "Zo%C3%AB 100%25")]
    [InlineData("电话\r\nX-Evil: 1", "%E7%94%B5%E8%AF%9D%0D%0AX-Evil: 1")]
    public async Task ANameThatNoHeaderCanHoldIsEncoded(string name, string header)
    {
        await using var service = await GuardedService.StartAsync(Policy with { ApiKeys = [new ApiKeyOptions(name, ApiKeyHash.Of(Key))] });

        using var response = await service.SendAsync("/", ("X-API-Key", Key));

        Assert.Equal(header, Assert.Single(service.Received).Headers["X-Authenticated-User"]);
    }

    [Fact]
    public async Task AHeaderOfOnesOwnTakesThePlaceOfTheUsualOne()
    {
        await using var service = await GuardedService.StartAsync(Policy with { Header = "X-Phone-Key" });

        using var usual = await service.SendAsync("/", ("X-API-Key", Key));
        using var own = await service.SendAsync("/", ("X-Phone-Key", Key));

        Assert.Equal((HttpStatusCode.Unauthorized, HttpStatusCode.OK), (usual.StatusCode, own.StatusCode));
        Assert.False(Assert.Single(service.Received).Headers.ContainsKey("X-Phone-Key"));
    }

    [Fact]
    public async Task AMinuteOfFailuresIsOneLineInTheLog()
    {
        await using var service = await GuardedService.StartAsync(Policy);
        for (var i = 0; i < 5; i++)
        {
            using var response = await service.SendAsync("/", ("X-API-Key", "wrong"));
        }

        var line = Assert.Single(service.Gateway.Log.All, line => line.Category.EndsWith("FailedAttempts", StringComparison.Ordinal));
        Assert.Equal("Refused 127.0.0.1 at route all, policy phone: the credential is wrong. More from this address are not reported for a minute", line.Message);
    }

    [Theory]
    [InlineData(false, "POST", HttpStatusCode.Unauthorized)]
    [InlineData(true, "POST", HttpStatusCode.OK)]
    [InlineData(true, null, HttpStatusCode.Unauthorized)]
    public async Task PreflightsPassOnlyWhereThePolicySaysSo(bool allowed, string? asked, HttpStatusCode status)
    {
        await using var service = await GuardedService.StartAsync(Policy with { AllowPreflight = allowed });
        using var request = new HttpRequestMessage(HttpMethod.Options, service.Gateway.At("/"));

        using var response = await service.SendAsync(request, [("Origin", "https://app.example.com"), .. asked is null ? [] : new[] { ("Access-Control-Request-Method", asked) }]);

        Assert.Equal(status, response.StatusCode);
        Assert.DoesNotContain(service.Received, r => r.Headers.ContainsKey("X-Authenticated-By"));
    }
}
