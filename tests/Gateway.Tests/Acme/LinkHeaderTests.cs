using Gateway.Acme;

namespace Gateway.Tests.Acme;

public sealed class LinkHeaderTests
{
    [Theory]
    [InlineData("<https://ca.example/cert/1>;rel=\"alternate\"", "https://ca.example/cert/1")]
    [InlineData("<https://ca.example/cert/1>; rel=alternate", "https://ca.example/cert/1")]
    [InlineData("</cert/1>; title=\"a, b; c\"; rel=\"up alternate\"", "https://ca.example/cert/1")]
    [InlineData("<https://ca.example/directory>;rel=\"index\", <https://ca.example/cert/1>;rel=\"alternate\"", "https://ca.example/cert/1")]
    public void FindsTheTargetsOfARelation(string header, string target) =>
        Assert.Equal([new Uri(target)], Alternates(header));

    [Theory]
    [InlineData("")]
    [InlineData("<")]
    [InlineData("https://ca.example/cert/1; rel=alternate")]
    [InlineData("<https://ca.example/cert/1>")]
    [InlineData("<https://ca.example/cert/1>; rel")]
    [InlineData("<https://ca.example/cert/1>; rel=\"up\"")]
    public void FindsNothingWhereNothingIs(string header) => Assert.Empty(Alternates(header));

    [Fact]
    public void FindsAllInHeadersAndCommas() => Assert.Equal(
        ["/1", "/2", "/3"],
        Alternates("</1>;rel=alternate,</2>;rel=alternate", "</3>;rel=alternate").Select(url => url.AbsolutePath));

    private static IEnumerable<Uri> Alternates(params string[] headers) =>
        LinkHeader.Targets(new Uri("https://ca.example/cert/0"), headers, "alternate");
}
