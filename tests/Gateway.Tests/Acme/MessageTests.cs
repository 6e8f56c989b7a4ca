using System.Text;
using Gateway.Acme;

namespace Gateway.Tests.Acme;

public sealed class MessageTests
{
    [Fact]
    public void ReadsADirectoryThatHasOnlyWhatIsRequired()
    {
        var directory = Answer(
            """
            {"newNonce":"https://ca.example/1","newAccount":"https://ca.example/2","newOrder":"https://ca.example/3",
             "revokeCert":"https://ca.example/4","keyChange":"https://ca.example/5"}
            """).Read(AcmeJson.Default.AcmeDirectory);
        Assert.Null(directory.RenewalInfo);
        Assert.Empty(directory.Meta.Profiles);
        Assert.Empty(directory.Meta.CaaIdentities);
        Assert.False(directory.Meta.ExternalAccountRequired);
    }

    [Fact]
    public void ReadsEmptyMetadata()
    {
        var directory = Answer(
            """
            {"newNonce":"https://ca.example/1","newAccount":"https://ca.example/2","newOrder":"https://ca.example/3",
             "revokeCert":"https://ca.example/4","keyChange":"https://ca.example/5","meta":{"profiles":null}}
            """).Read(AcmeJson.Default.AcmeDirectory);
        Assert.Empty(directory.Meta.Profiles);
        Assert.Empty(directory.Meta.CaaIdentities);
    }

    [Fact]
    public void ReadsAnAccountWithoutContacts() =>
        Assert.Empty(Answer("""{"status":"valid"}""").Read(AcmeJson.Default.AccountStatus).Contact);

    [Fact]
    public void ReadsAnOrderWithMembersThatNobodyKnowsYet()
    {
        var order = Answer(
            """
            {"status":"pending","identifiers":[{"type":"dns","value":"a.example","novelty":1}],"novelty":{"a":[]},
             "authorizations":["https://ca.example/a"],"finalize":"https://ca.example/f"}
            """).Read(AcmeJson.Default.AcmeOrder);
        Assert.Equal("pending", order.Status);
    }

    [Theory]
    [InlineData("<html>")]
    [InlineData("")]
    [InlineData("null")]
    [InlineData("[]")]
    [InlineData("""{"status":"pending"}""")]
    [InlineData("""{"status":"pending","identifiers":null,"authorizations":[],"finalize":"https://ca.example/f"}""")]
    [InlineData("""{"status":7,"identifiers":[],"authorizations":[],"finalize":"https://ca.example/f"}""")]
    public void SaysWhenAnAnswerIsNotAcme(string body)
    {
        var error = Assert.Throws<AcmeException>(() => Answer(body).Read(AcmeJson.Default.AcmeOrder));
        Assert.StartsWith("Could not place an order: https://ca.example/order answered with something else than ACME: ", error.Message);
    }

    [Theory]
    [InlineData("")]
    [InlineData("<html>")]
    [InlineData("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----")]
    public void SaysWhenAnAnswerIsNoCertificate(string body)
    {
        var error = Assert.Throws<AcmeException>(() => CertificateChain.Read(Answer(body)));
        Assert.Contains("something else than certificates in PEM", error.Message);
    }

    private static AcmeAnswer Answer(string body) =>
        new("place an order", new Uri("https://ca.example/order"), 200, Encoding.UTF8.GetBytes(body));
}
