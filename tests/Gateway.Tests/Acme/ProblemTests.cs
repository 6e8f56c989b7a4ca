using System.Text;
using Gateway.Acme;

namespace Gateway.Tests.Acme;

public sealed class ProblemTests
{
    private static readonly Uri Url = new("https://ca.example/acme/new-order");

    [Fact]
    public void EndsInTheWordsOfTheCaSubproblemsIncluded()
    {
        // RFC 8555 section 6.7.1.
        var error = Refused(
            """
            {
                "type": "urn:ietf:params:acme:error:malformed",
                "detail": "Some of the identifiers requested were rejected",
                "subproblems": [
                    {
                        "type": "urn:ietf:params:acme:error:malformed",
                        "detail": "Invalid underscore in DNS name \"_example.org\"",
                        "identifier": { "type": "dns", "value": "_example.org" }
                    },
                    {
                        "type": "urn:ietf:params:acme:error:rejectedIdentifier",
                        "detail": "This CA will not issue for \"example.net\"",
                        "identifier": { "type": "dns", "value": "example.net" }
                    }
                ]
            }
            """);
        Assert.Equal(
            "Could not place an order: https://ca.example/acme/new-order answered 400: "
            + "malformed: Some of the identifiers requested were rejected; "
            + "_example.org: malformed: Invalid underscore in DNS name \"_example.org\"; "
            + "example.net: rejectedIdentifier: This CA will not issue for \"example.net\"",
            error.Message);
        Assert.Equal("example.net", error.Problem!.Subproblems![1].Identifier!.Value);
    }

    [Fact]
    public void PointsToThePageThatTheCaPointsTo()
    {
        // RFC 8555 section 7.3.3.
        var error = Refused(
            """
            {
                "type": "urn:ietf:params:acme:error:userActionRequired",
                "detail": "Terms of service have changed",
                "instance": "https://example.com/acme/agreement/?token=W8Ih3PswD-8"
            }
            """);
        Assert.EndsWith("userActionRequired: Terms of service have changed (see https://example.com/acme/agreement/?token=W8Ih3PswD-8)", error.Message);
    }

    [Fact]
    public void KeepsATypeOfAnotherNamespaceWhole() =>
        Assert.EndsWith("https://ca.example/errors/tuesday: closed", Refused("""{"type":"https://ca.example/errors/tuesday","detail":"closed"}""").Message);

    [Fact]
    public void LetsNoControlCharacterOfTheCaThrough() =>
        Assert.EndsWith("dns: a b [31mred", Refused("""{"type":"urn:ietf:params:acme:error:dns","detail":"a\nb\u001b[31mred"}""").Message);

    [Fact]
    public void NeitherDoesAnAnswerThatIsNoAcme()
    {
        var answer = new AcmeAnswer("read the directory", Url, 200, "tru\n\u001b[31mred"u8.ToArray());
        var error = Assert.Throws<AcmeException>(() => answer.Read(AcmeJson.Default.AcmeDirectory));
        Assert.DoesNotContain(error.Message, char.IsControl);
    }

    [Fact]
    public void IsOfBoundedLength() =>
        Assert.InRange(Refused("{\"detail\":\"" + new string('x', 100_000) + "\"}").Message.Length, 2000, 2200);

    [Theory]
    [InlineData("text/html", "<h1>Bad Gateway</h1>")]
    [InlineData("application/problem+json", "{")]
    [InlineData("application/problem+json", "null")]
    [InlineData("application/problem+json", "[]")]
    [InlineData("application/problem+json", "{\"subproblems\":7}")]
    public void DoesWithoutAProblemDocument(string contentType, string body)
    {
        var error = Refused(body, contentType, 502);
        Assert.Null(error.Problem);
        Assert.True(error.IsTransient);
        Assert.Equal("Could not place an order: https://ca.example/acme/new-order answered 502", error.Message);
    }

    [Fact]
    public void PassesOverSubproblemsThatAreNone() =>
        Assert.EndsWith("dns: no; dns: never", Refused(
            """
            {"type":"urn:ietf:params:acme:error:dns","detail":"no",
             "subproblems":[null,{"type":"urn:ietf:params:acme:error:dns","detail":"never"}]}
            """).Message);

    private static AcmeException Refused(string body, string contentType = "application/problem+json", int status = 400) =>
        AcmeException.Refused(
            "place an order",
            new AcmeAnswer("place an order", Url, status, Encoding.UTF8.GetBytes(body)) { ContentType = contentType });
}
