using Gateway.Acme;
using Gateway.Tests.Acme.Fake;

namespace Gateway.Tests.Acme;

public sealed class ValidationTests
{
    private static readonly FakeRefusal Refusal = new(403, "unauthorized", "found a parking page")
    {
        Subproblems = [("example.com", "unauthorized", "seen from Frankfurt too")],
    };

    [Fact]
    public async Task SaysWhichNameFailedByWhichChallengeAndWhy()
    {
        await using var session = await AcmeSession.StartAsync(Failing("http-01"));
        var error = await Assert.ThrowsAsync<AcmeException>(() => session.ObtainAsync("example.com"));
        Assert.Equal("example.com", error.Identifier!.Value);
        Assert.Equal(AcmeChallenge.Http01, error.ChallengeType);
        Assert.True(error.Is(AcmeProblem.Unauthorized));
        Assert.StartsWith("Could not prove control over example.com by http-01: ", error.Message);
        Assert.EndsWith(" is invalid: unauthorized: found a parking page; example.com: unauthorized: seen from Frankfurt too", error.Message);
    }

    [Fact]
    public async Task SucceedsWithANewOrderAndAnotherChallengeType()
    {
        await using var session = await AcmeSession.StartAsync(Failing("http-01"));
        var order = AcmeSession.Order("example.com");
        await Assert.ThrowsAsync<AcmeException>(() => session.ObtainAsync(order));
        await session.ObtainAsync(order with { ChallengeType = AcmeChallenge.TlsAlpn01 });
        Assert.Equal(2, session.Server.OrdersPlaced);
    }

    [Fact]
    public async Task TakesAnswersBackAfterSuccess()
    {
        await using var session = await AcmeSession.StartAsync();
        await session.ObtainAsync("a.example", "b.example");
        Assert.Empty(session.Published);
    }

    [Fact]
    public async Task TakesAnswersBackAfterFailure()
    {
        await using var session = await AcmeSession.StartAsync(Failing("http-01"));
        await Assert.ThrowsAsync<AcmeException>(() => session.ObtainAsync("a.example", "b.example"));
        Assert.Empty(session.Published);
    }

    [Fact]
    public async Task TakesAnswersBackAfterCancellation()
    {
        using var cancel = new CancellationTokenSource();
        await using var session = await AcmeSession.StartAsync(new FakeAcmeOptions
        {
            Validate = (_, aborted) =>
            {
                cancel.Cancel();
                return Task.Delay(Timeout.Infinite, aborted);
            },
        });
        var account = await session.CreateAccountAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(
            () => AcmeOrderFlow.ObtainAsync(account, AcmeSession.Order("example.com"), session.Responder, cancel.Token));
        Assert.Empty(session.Published);
    }

    [Fact]
    public async Task AnswersNothingBeforeEverythingIsPublished()
    {
        await using var session = await AcmeSession.StartAsync();
        session.Responder = session.Responder with
        {
            Publish = (answer, _) => answer.Identifier.Value == "b.example"
                ? throw new IOException("no access to the zone")
                : Task.CompletedTask,
        };
        await Assert.ThrowsAsync<IOException>(() => session.ObtainAsync("a.example", "b.example"));
        Assert.Equal(0, session.Server.Requests(FakeResource.Challenge));
    }

    [Fact]
    public async Task LosesNoCertificateToAnAnswerThatCannotBeTakenBack()
    {
        await using var session = await AcmeSession.StartAsync();
        session.Responder = session.Responder with { Unpublish = (_, _) => throw new IOException("no access to the zone") };
        await session.ObtainAsync("example.com");
    }

    [Fact]
    public async Task NamesTheOfferedChallengesWhenTheWantedOneIsNotAmongThem()
    {
        await using var session = await AcmeSession.StartAsync();
        var error = await Assert.ThrowsAsync<AcmeException>(() => session.ObtainAsync("*.example.com"));
        Assert.Equal("Could not prove control over example.com by http-01: the CA offers dns-01 for it.", error.Message);
        Assert.Equal(AcmeChallenge.Http01, error.ChallengeType);
    }

    [Fact]
    public async Task LeavesUnknownChallengeTypesAlone()
    {
        await using var session = await AcmeSession.StartAsync();
        session.Behaviour.ChallengeTypes = ["dns-persist-01", "http-01", "quantum-02"];
        await session.ObtainAsync("example.com");
    }

    [Fact]
    public async Task TakesUnknownStatusesForNotYet()
    {
        await using var session = await AcmeSession.StartAsync();
        session.Behaviour.ValidationTime = session.Behaviour.IssuanceTime = TimeSpan.FromMinutes(2);
        session.Behaviour.ValidatingStatus = "contemplating";
        session.Behaviour.ProcessingStatus = "in-the-post";
        await session.ObtainAsync("example.com");
    }

    private static FakeAcmeOptions Failing(string type) => new()
    {
        Validate = (challenge, _) => challenge.Type == type ? throw Refusal : Task.CompletedTask,
    };
}
