using Gateway.Acme;
using Gateway.Certificates.Automatic;

namespace Gateway.Tests.Certificates.Automatic;

public sealed class AcmeAdviceTests
{
    private static readonly AcmeIdentifier Name = AcmeIdentifier.Parse("www.example.com");

    [Theory]
    [InlineData("dns", "http-01", "www.example.com has no address in the public DNS")]
    [InlineData("dns", "dns-01", "The CA does not see the TXT record _acme-challenge.www.example.com")]
    [InlineData("connection", "http-01", "Port 80 of www.example.com does not lead to this gateway")]
    [InlineData("connection", "tls-alpn-01", "Port 443 of www.example.com does not lead to this gateway")]
    [InlineData("unauthorized", "http-01", "Another server answered for www.example.com")]
    [InlineData("unauthorized", null, "The CA does not accept this account any more")]
    [InlineData("caa", "http-01", "A CAA record of www.example.com or of a domain above it forbids this CA")]
    [InlineData("rateLimited", null, "The CA's limit is used up")]
    [InlineData("rejectedIdentifier", null, "This CA does not issue for www.example.com")]
    [InlineData("externalAccountRequired", null, "This CA wants to know its customers")]
    [InlineData("malformed", null, "The CA takes www.example.com for no name in the public DNS")]
    [InlineData("unsupportedIdentifier", null, "This CA does not issue for www.example.com")]
    [InlineData("invalidContact", null, "Correct LettuceEncrypt:EmailAddress")]
    public void ExplainsWhatCanBeDone(string type, string? challenge, string advice) =>
        Assert.StartsWith(advice, AcmeAdvice.For(Refusal(new AcmeProblem { Type = "urn:ietf:params:acme:error:" + type }, challenge), Name));

    // As pebble and Boulder say it.
    [Theory]
    [InlineData("connection", "http-01", "Get \"http://a\": could not resolve URL \"http://a\"", "www.example.com has no address in the public DNS")]
    [InlineData("malformed", "tls-alpn-01", "Could not resolve URL \"www.example.com\"", "www.example.com has no address in the public DNS")]
    [InlineData("unauthorized", "tls-alpn-01", "Failed to connect to 10.0.0.1:443 for the tls-alpn-01 challenge", "Port 443 of www.example.com does not lead to this gateway")]
    [InlineData("dns", "http-01", "DNS problem: NXDOMAIN looking up A for www.example.com", "www.example.com has no address in the public DNS")]
    [InlineData("caa", "http-01", "DNS problem: SERVFAIL looking up CAA for www.example.com", "A CAA record")]
    public void GoesByTheWordsOfTheCaWhereTheyTellMoreThanTheType(string type, string challenge, string detail, string advice) =>
        Assert.StartsWith(advice, AcmeAdvice.For(Refusal(new AcmeProblem { Type = "urn:ietf:params:acme:error:" + type, Detail = detail }, challenge), Name));

    [Fact]
    public void LooksIntoSubproblems()
    {
        var problem = new AcmeProblem { Type = "urn:ietf:params:acme:error:compound", Subproblems = [new AcmeProblem { Type = AcmeProblem.Caa }] };
        Assert.Contains("CAA record", AcmeAdvice.For(Refusal(problem, "http-01"), Name));
    }

    [Fact]
    public void HasNoneForWhatItDoesNotKnow() =>
        Assert.Null(AcmeAdvice.For(Refusal(new AcmeProblem { Type = "urn:example:new" }, null), Name));

    [Theory]
    [InlineData("malformed")]
    [InlineData("unauthorized")]
    public void PointsToTheBindingWhenTheAccountIsRefused(string type)
    {
        var refusal = new AcmeException(AcmeClient.CreateAccount, new Uri("https://ca.example/"), "no")
        {
            Problem = new AcmeProblem { Type = "urn:ietf:params:acme:error:" + type },
            StatusCode = 400,
        };
        Assert.Contains("EabCredentials", AcmeAdvice.For(refusal, Name));
    }

    [Fact]
    public void SaysForEachFailureWhatCanBeDoneAndNothingTwice()
    {
        var problem = new AcmeProblem { Type = AcmeProblem.Connection };
        var advice = AcmeAdvice.ForAll([Refusal(problem, "http-01"), Refusal(problem, "tls-alpn-01"), Refusal(problem, "tls-alpn-01"), new InvalidOperationException()], Name)!;
        Assert.Equal(1, advice.Split("Port 80 of").Length - 1);
        Assert.Equal(1, advice.Split("Port 443 of").Length - 1);
        Assert.Null(AcmeAdvice.ForAll([new InvalidOperationException()], Name));
    }

    private static AcmeException Refusal(AcmeProblem problem, string? challenge) =>
        new("do it", new Uri("https://ca.example/"), "no") { Problem = problem, ChallengeType = challenge, StatusCode = 400 };
}
