using Gateway.Acme;
using Gateway.Tests.Acme.Fake;

namespace Gateway.Tests.Acme;

public sealed class PollingTests
{
    private readonly LeapingTime _time = new();

    [Fact]
    public async Task WaitsForValidationAndIssuanceThatTakeTheirTime()
    {
        await using var session = await AcmeSession.StartAsync(time: _time);
        session.Behaviour.ValidationTime = TimeSpan.FromMinutes(4);
        session.Behaviour.IssuanceTime = TimeSpan.FromMinutes(5);
        await session.ObtainAsync("example.com");
        Assert.Equal(1, session.Server.Requests(FakeResource.Challenge));
        Assert.Equal(1, session.Server.Requests(FakeResource.Finalize));
    }

    [Fact]
    public async Task FinalizesOnceThoughTheOrderIsSlowToShowIt()
    {
        await using var session = await AcmeSession.StartAsync(time: _time);
        session.Behaviour.ProcessingStatus = "ready";
        session.Behaviour.IssuanceTime = TimeSpan.FromSeconds(30);
        await session.ObtainAsync("example.com");
        Assert.Equal(1, session.Server.Requests(FakeResource.Finalize));
    }

    [Fact]
    public async Task AsksLessAndLessOftenButEveryTenSeconds()
    {
        await using var session = await AcmeSession.StartAsync(time: _time);
        session.Behaviour.IssuanceTime = TimeSpan.FromMinutes(5);
        await session.ObtainAsync("example.com");
        Assert.Equal(_time.Pauses.Order(), _time.Pauses);
        Assert.Equal(TimeSpan.FromSeconds(10), _time.Pauses[^1]);
        Assert.InRange(_time.Pauses.Count, 30, 50);
    }

    [Theory]
    [InlineData("40")]
    [InlineData("Tue, 01 Sep 2026 12:00:40 GMT")]
    public async Task ComesBackWhenTheCaSays(string retryAfter)
    {
        await using var session = await AcmeSession.StartAsync(time: _time);
        session.Behaviour.ValidationTime = TimeSpan.FromSeconds(30);
        session.Behaviour.RetryAfter = resource => resource == FakeResource.Authorization ? retryAfter : null;
        await session.ObtainAsync("example.com");
        Assert.Equal([TimeSpan.FromSeconds(40)], _time.Pauses);
    }

    [Fact]
    public async Task LeavesAnAuthorizationAloneAsLongAsTheChallengeSays()
    {
        await using var session = await AcmeSession.StartAsync(time: _time);
        session.Behaviour.ValidationTime = TimeSpan.FromSeconds(30);
        session.Behaviour.RetryAfter = resource => resource == FakeResource.Challenge ? "40" : null;
        await session.ObtainAsync("example.com");
        Assert.Equal([TimeSpan.FromSeconds(40)], _time.Pauses);
    }

    [Fact]
    public async Task ComesBackToAnOrderWhenTheCaSays()
    {
        await using var session = await AcmeSession.StartAsync(time: _time);
        session.Behaviour.IssuanceTime = TimeSpan.FromSeconds(30);
        session.Behaviour.RetryAfter = resource => resource is FakeResource.Order or FakeResource.Finalize ? "40" : null;
        await session.ObtainAsync("example.com");
        Assert.Equal(TimeSpan.FromSeconds(40), _time.Pauses[^1]);
    }

    [Fact]
    public async Task DoesNotSpinWhenTheCaSaysAtOnce()
    {
        await using var session = await AcmeSession.StartAsync(time: _time);
        session.Behaviour.ValidationTime = TimeSpan.FromMinutes(1);
        session.Behaviour.RetryAfter = _ => "0";
        await session.ObtainAsync("example.com");
        Assert.All(_time.Pauses, pause => Assert.True(pause >= TimeSpan.FromMilliseconds(250)));
    }

    [Fact]
    public async Task GivesUpAfterTenMinutesInAll()
    {
        await using var session = await AcmeSession.StartAsync(time: _time);
        var start = _time.GetUtcNow();
        session.Behaviour.ValidationTime = TimeSpan.FromMinutes(6);
        session.Behaviour.IssuanceTime = TimeSpan.FromMinutes(6);
        var error = await Assert.ThrowsAsync<AcmeException>(() => session.ObtainAsync("example.com"));
        Assert.EndsWith("/order/1 is still 'processing' after 10 minutes.", error.Message);
        Assert.Equal(AcmePolling.Limit, _time.GetUtcNow() - start);
    }

    [Fact]
    public async Task DoesNotCountTheTimeThatPublishingTakes()
    {
        await using var session = await AcmeSession.StartAsync(time: _time);
        var responder = session.Responder;
        session.Behaviour.ValidationTime = TimeSpan.FromMinutes(9);
        session.Responder = responder with
        {
            Publish = async (answer, token) =>
            {
                await responder.Publish(answer, token);
                await Task.Delay(TimeSpan.FromMinutes(30), _time, token);
            },
        };
        await session.ObtainAsync("example.com");
    }

    [Fact]
    public async Task LooksOnceMoreAtTheLimitWhenToldToComeBackLater()
    {
        await using var session = await AcmeSession.StartAsync(time: _time);
        session.Behaviour.IssuanceTime = TimeSpan.FromMinutes(9);
        session.Behaviour.RetryAfter = resource => resource is FakeResource.Order or FakeResource.Finalize ? "86400" : null;
        await session.ObtainAsync("example.com");
    }

    [Fact]
    public async Task TellsWhenTheCaWantedToBeAskedAgain()
    {
        await using var session = await AcmeSession.StartAsync(time: _time);
        session.Behaviour.IssuanceTime = TimeSpan.FromHours(9);
        session.Behaviour.RetryAfter = resource => resource is FakeResource.Order or FakeResource.Finalize ? "86400" : null;
        var error = await Assert.ThrowsAsync<AcmeException>(() => session.ObtainAsync("example.com"));
        Assert.Equal(TimeSpan.FromDays(1), error.RetryAfter);
    }

    [Fact]
    public async Task CountsByAClockThatCannotJump()
    {
        // The wall clock is set back by a day in the middle of an order.
        var time = new JumpingTime(_time);
        await using var session = await AcmeSession.StartAsync(time: time);
        session.Behaviour.ValidatingStatus = "contemplating";
        session.Behaviour.ValidationTime = TimeSpan.FromDays(30);
        session.Behaviour.Hold = (resource, _) =>
        {
            time.Offset = resource == FakeResource.Challenge ? TimeSpan.FromDays(-1) : time.Offset;
            return Task.CompletedTask;
        };
        await Assert.ThrowsAsync<AcmeException>(() => session.ObtainAsync("example.com"));
        Assert.InRange(_time.Pauses.Sum(pause => pause.TotalMinutes), 9.9, 10.1);
    }

    [Theory]
    [InlineData(nameof(FakeResource.Authorization), 503)]
    [InlineData(nameof(FakeResource.Authorization), 429)]
    [InlineData(nameof(FakeResource.Challenge), 500)]
    [InlineData(nameof(FakeResource.Order), 503)]
    [InlineData(nameof(FakeResource.Finalize), 503)]
    [InlineData(nameof(FakeResource.Certificate), 502)]
    public async Task WastesNoOrderOnACaThatIsBrieflyOutOfOrder(string resource, int status)
    {
        await using var session = await AcmeSession.StartAsync(time: _time);
        var refusals = 0;
        session.Behaviour.IssuanceTime = TimeSpan.FromSeconds(5);
        session.Behaviour.Refuse = asked => asked.ToString() == resource && refusals++ < 3
            ? new FakeRefusal(status, "serverInternal", "maintenance") { RetryAfter = "20" }
            : null;
        await session.ObtainAsync("example.com");
        Assert.Equal(1, session.Server.OrdersPlaced);
        Assert.Contains(TimeSpan.FromSeconds(20), _time.Pauses);
    }

    [Theory]
    [InlineData(nameof(FakeResource.Authorization))]
    [InlineData(nameof(FakeResource.Challenge))]
    [InlineData(nameof(FakeResource.Order))]
    [InlineData(nameof(FakeResource.Finalize))]
    [InlineData(nameof(FakeResource.Certificate))]
    public async Task WastesNoOrderOnAnAnswerThatIsLost(string resource)
    {
        await using var session = await AcmeSession.StartAsync(time: _time);
        var lost = false;
        session.Behaviour.LoseAnswer = asked => asked.ToString() == resource && !lost && (lost = true);
        await session.ObtainAsync("example.com");
        Assert.True(lost);
        Assert.Equal(1, session.Server.OrdersPlaced);
        Assert.Single(session.Server.Certificates);
    }

    [Fact]
    public async Task EndsWithTheTroubleOfACaThatStaysOutOfOrder()
    {
        await using var session = await AcmeSession.StartAsync(time: _time);
        session.Behaviour.Refuse = resource =>
            resource == FakeResource.Authorization ? new FakeRefusal(503, "serverInternal", "maintenance") : null;
        var error = await Assert.ThrowsAsync<AcmeException>(() => session.ObtainAsync("example.com"));
        Assert.Equal(503, error.StatusCode);
        Assert.EndsWith("serverInternal: maintenance", error.Message);
        Assert.Empty(session.Published);
    }

    [Fact]
    public async Task DoesNotRepeatWhatTheCaRefuses()
    {
        await using var session = await AcmeSession.StartAsync(time: _time);
        session.Behaviour.Refuse = resource =>
            resource == FakeResource.Finalize ? new FakeRefusal(403, "badCSR", "a weak key") : null;
        await Assert.ThrowsAsync<AcmeException>(() => session.ObtainAsync("example.com"));
        Assert.Equal(1, session.Server.Requests(FakeResource.Finalize));
    }

    private sealed class JumpingTime(TimeProvider steady) : TimeProvider
    {
        public TimeSpan Offset { get; set; }

        public override long TimestampFrequency => steady.TimestampFrequency;

        public override DateTimeOffset GetUtcNow() => steady.GetUtcNow() + Offset;

        public override long GetTimestamp() => steady.GetTimestamp();

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
            steady.CreateTimer(callback, state, dueTime, period);
    }
}
