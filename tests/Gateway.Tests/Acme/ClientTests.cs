using System.Security.Cryptography.X509Certificates;
using Gateway.Acme;
using Gateway.Tests.Acme.Fake;

namespace Gateway.Tests.Acme;

public sealed class ClientTests
{
    [Fact]
    public async Task ReadsTheDirectoryAndWhatItSaysOfTheCa()
    {
        var profiles = new Dictionary<string, string> { ["classic"] = "90 days", ["shortlived"] = "160 hours" };
        await using var session = await AcmeSession.StartAsync(new FakeAcmeOptions { Profiles = profiles });
        var directory = (await session.ConnectAsync()).Directory;
        Assert.Equal(session.Server.Url("new-order"), directory.NewOrder.AbsoluteUri);
        Assert.Equal(session.Server.Url("terms"), directory.Meta.TermsOfService);
        Assert.Equal(["ca.example"], directory.Meta.CaaIdentities);
        Assert.Equal(profiles, directory.Meta.Profiles);
        Assert.NotNull(directory.RenewalInfo);
    }

    [Theory]
    [InlineData(5)]
    [InlineData(90)]
    public async Task ObtainsACertificateThoughNoncesAreRefused(int percent)
    {
        await using var session = await AcmeSession.StartAsync();
        session.Behaviour.RejectNoncesPercent = percent;
        await session.ObtainAsync("a.example", "b.example", "c.example");
        Assert.Equal(1, session.Server.OrdersPlaced);
    }

    [Fact]
    public async Task RetriesWithTheNonceThatCameWithTheRefusal()
    {
        await using var session = await AcmeSession.StartAsync();
        session.Behaviour.RejectNoncesPercent = 90;
        await session.CreateAccountAsync();
        await session.ObtainAsync("a.example");
        Assert.InRange(session.Server.NoncesRejected, 10, 1000);
        Assert.Equal(2, session.Server.Requests(FakeResource.NewNonce)); // one for each of the two clients
    }

    [Fact]
    public async Task GivesUpOnACaThatRefusesEveryNonce()
    {
        await using var session = await AcmeSession.StartAsync();
        session.Behaviour.RejectNoncesPercent = 100;
        var error = await Assert.ThrowsAsync<AcmeException>(session.CreateAccountAsync);
        Assert.True(error.Is(AcmeProblem.BadNonce));
        Assert.InRange(session.Server.Requests(FakeResource.NewAccount), 50, 200);
    }

    [Fact]
    public async Task SurvivesACaThatForgetsItsNonces()
    {
        await using var session = await AcmeSession.StartAsync();
        var account = await session.CreateAccountAsync();
        session.Server.ForgetNonces();
        await account.ReadAsync(AcmeSession.Token);
    }

    [Fact]
    public async Task NobodyTakesTheNonceThatAnotherRequestHasFetched()
    {
        await using var session = await AcmeSession.StartAsync();
        var account = await session.CreateAccountAsync();
        session.Behaviour.IsSparingWithNonces = true;
        await Task.WhenAll(Enumerable.Range(0, 16).Select(async _ =>
        {
            for (var i = 0; i < 50; i++)
            {
                await account.ReadAsync(AcmeSession.Token);
            }
        }));
    }

    [Fact]
    public async Task SharesOneAccountAmongConcurrentOrders()
    {
        await using var session = await AcmeSession.StartAsync();
        session.Behaviour.RejectNoncesPercent = 20;
        var account = await session.CreateAccountAsync();
        await Task.WhenAll(Enumerable.Range(0, 20).Select(i =>
            AcmeOrderFlow.ObtainAsync(account, AcmeSession.Order($"name{i}.example"), session.Responder, AcmeSession.Token)));
        Assert.Equal(20, session.Server.Certificates.Count);
    }

    [Theory]
    [InlineData(600)]
    [InlineData(-600)]
    [InlineData(0)]
    public async Task TellsHowFarTheClockOfTheCaIsAhead(int seconds)
    {
        await using var session = await AcmeSession.StartAsync();
        session.Behaviour.ClockOffset = TimeSpan.FromSeconds(seconds);
        Assert.Equal(TimeSpan.FromSeconds(seconds), (await session.ConnectAsync()).ClockSkew);
    }

    [Fact]
    public async Task SaysThatTheCaIsOutOfReach()
    {
        await using var session = await AcmeSession.StartAsync();
        session.Behaviour.IsDown = true;
        var error = await Assert.ThrowsAsync<AcmeException>(session.ConnectAsync);
        Assert.True(error.IsUnreachable);
        Assert.StartsWith($"Could not read the CA's directory: {session.Server.DirectoryUrl} gave no answer: ", error.Message);
        Assert.NotNull(error.InnerException);
    }

    [Fact]
    public async Task SaysThatTheEndpointOfTheCaIsNotTrusted()
    {
        await using var session = await AcmeSession.StartAsync();
        using var stranger = new FakeCertificateAuthority(0);
        using var http = AcmeHttp.CreateClient([stranger.Roots[0]]);
        var error = await Assert.ThrowsAsync<AcmeException>(
            () => AcmeClient.ConnectAsync(http, session.Server.DirectoryUrl, session.Time, AcmeSession.Token));
        Assert.Contains("remote certificate", error.Message);
    }

    [Fact]
    public async Task WaitsNoLongerThanItsLimitForAnAnswer()
    {
        var time = new LeapingTime();
        await using var session = await AcmeSession.StartAsync(time: time);
        var reached = new TaskCompletionSource();
        session.Behaviour.Hold = (_, aborted) =>
        {
            reached.TrySetResult();
            return Task.Delay(Timeout.Infinite, aborted);
        };
        var connect = session.ConnectAsync();
        await reached.Task.WaitAsync(TimeSpan.FromSeconds(30), AcmeSession.Token);
        Assert.False(connect.IsCompleted);

        time.Advance(AcmeTransport.RequestLimit);
        var error = await Assert.ThrowsAsync<AcmeException>(() => connect);
        Assert.True(error.IsUnreachable);
        Assert.EndsWith("none within 30 s.", error.Message);
    }

    [Fact]
    public async Task EndsAtOnceWhenCancelled()
    {
        await using var session = await AcmeSession.StartAsync();
        var reached = new TaskCompletionSource();
        session.Behaviour.Hold = (_, aborted) =>
        {
            reached.TrySetResult();
            return Task.Delay(Timeout.Infinite, aborted);
        };
        using var http = session.Server.CreateHttpClient();
        using var cancel = new CancellationTokenSource();
        var connect = AcmeClient.ConnectAsync(http, session.Server.DirectoryUrl, session.Time, cancel.Token);
        await reached.Task.WaitAsync(TimeSpan.FromSeconds(30), AcmeSession.Token);
        await cancel.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => connect);
    }

    [Fact]
    public async Task ReadsNoAnswerOfAnySize()
    {
        var profiles = new Dictionary<string, string> { ["huge"] = new('x', 2 * 1024 * 1024) };
        await using var session = await AcmeSession.StartAsync(new FakeAcmeOptions { Profiles = profiles });
        var error = await Assert.ThrowsAsync<AcmeException>(session.ConnectAsync);
        Assert.True(error.IsUnreachable);
    }

    [Fact]
    public async Task SpeaksOverHttpsOnly()
    {
        using var http = AcmeHttp.CreateClient();
        var error = await Assert.ThrowsAsync<AcmeException>(
            () => AcmeClient.ConnectAsync(http, new Uri("http://localhost/directory"), new LeapingTime(), AcmeSession.Token));
        Assert.EndsWith("http://localhost/directory is not an https URL.", error.Message);
    }

    [Theory]
    [InlineData("http://localhost/account/1")]
    [InlineData("/account/1")]
    public async Task FollowsNoUrlOfTheCaThatIsNotHttps(string url)
    {
        await using var session = await AcmeSession.StartAsync();
        var client = await session.ConnectAsync();
        var account = client.OpenAccount(session.Key, new Uri(url, UriKind.RelativeOrAbsolute));
        var error = await Assert.ThrowsAsync<AcmeException>(() => account.ReadAsync(AcmeSession.Token));
        Assert.EndsWith($"{url} is not an https URL.", error.Message);
    }

    [Theory]
    [InlineData(429, "120", 120)]
    [InlineData(503, "Tue, 01 Sep 2026 12:05:00 GMT", 300)]
    [InlineData(503, "Tue, 01 Sep 2026 11:00:00 GMT", 0)]
    [InlineData(500, "soon", null)]
    [InlineData(500, null, null)]
    public async Task TellsHowLongTheCaWantsToBeLeftAlone(int status, string? retryAfter, int? seconds)
    {
        await using var session = await AcmeSession.StartAsync();
        session.Behaviour.Refuse = _ => new FakeRefusal(status, "rateLimited", "enough for today") { RetryAfter = retryAfter };
        var error = await Assert.ThrowsAsync<AcmeException>(session.ConnectAsync);
        Assert.Equal(status, error.StatusCode);
        Assert.True(error.IsTransient);
        Assert.Equal(seconds is { } s ? TimeSpan.FromSeconds(s) : null, error.RetryAfter);
        Assert.EndsWith("rateLimited: enough for today", error.Message);
    }

    [Fact]
    public async Task CountsADateOfTheCaByTheClockOfTheCa()
    {
        await using var session = await AcmeSession.StartAsync();
        session.Behaviour.ClockOffset = TimeSpan.FromHours(2);
        session.Behaviour.Refuse = _ => FakeRefusal.RateLimited("later", "Tue, 01 Sep 2026 14:05:00 GMT");
        var error = await Assert.ThrowsAsync<AcmeException>(session.ConnectAsync);
        Assert.Equal(TimeSpan.FromMinutes(5), error.RetryAfter);
    }

    [Fact]
    public async Task TrustsTheRootsOfAPrivateCaOnlyWhereTheyAreGiven()
    {
        await using var session = await AcmeSession.StartAsync();
        using var http = AcmeHttp.CreateClient(new X509Certificate2Collection());
        var error = await Assert.ThrowsAsync<AcmeException>(
            () => AcmeClient.ConnectAsync(http, session.Server.DirectoryUrl, session.Time, AcmeSession.Token));
        Assert.True(error.IsUnreachable);
    }
}
