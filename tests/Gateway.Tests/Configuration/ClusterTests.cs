using static Gateway.Tests.Configuration.ConfigurationText;

namespace Gateway.Tests.Configuration;

public sealed class ClusterTests
{
    [Theory]
    [InlineData("\"HttpRequest\": {}", "gateway.json(5,17): ReverseProxy:Clusters:c: has no 'Destinations'; add it, for example \"Destinations\": { \"one\": { \"Address\": \"http://127.0.0.1:3000\" } }")]
    [InlineData("\"Destinations\": {}", "gateway.json(6,5): ReverseProxy:Clusters:c:Destinations: has no destination; add one, for example \"one\": { \"Address\": \"http://127.0.0.1:3000\" }")]
    [InlineData("\"Destinations\": { \"one\": {} }", "gateway.json(6,23): ReverseProxy:Clusters:c:Destinations:one: has no 'Address'; add it, for example \"Address\": \"http://127.0.0.1:3000\"")]
    [InlineData("\"Destinations\": { \"one\": { \"Addres\": \"http://a\" } }", "gateway.json(6,32): ReverseProxy:Clusters:c:Destinations:one:Addres: unknown key; did you mean 'Address'?")]
    [InlineData("\"Destinations\": [ { \"Address\": \"http://a\" } ]", "gateway.json(6,5): ReverseProxy:Clusters:c:Destinations: must be an object: { ... }; for example { \"one\": { \"Address\": \"http://127.0.0.1:3000\" } }")]
    public void AClusterWithoutDestinationsIsAnError(string cluster, string error) => Assert.Equal(error, Error(WithCluster(cluster)));

    [Theory]
    [InlineData("127.0.0.1:5001", "'127.0.0.1:5001': must be an absolute http or https URL; did you mean 'http://127.0.0.1:5001'?")]
    [InlineData("localhost:5001", "'localhost:5001': must be an absolute http or https URL; did you mean 'http://localhost:5001'?")]
    [InlineData("/tmp/socket", "'/tmp/socket': must be an absolute http or https URL; for example http://127.0.0.1:3000")]
    [InlineData("ws://127.0.0.1:5003", "'ws://127.0.0.1:5003': must be an absolute http or https URL; write http://127.0.0.1:5003; WebSockets go over the same address")]
    [InlineData("WSS://a", "'WSS://a': must be an absolute http or https URL; write https://a; WebSockets go over the same address")]
    [InlineData("ftp://a", "'ftp://a': must be an absolute http or https URL; for example http://127.0.0.1:3000")]
    [InlineData("http://", "'http://': must be an absolute http or https URL; for example http://127.0.0.1:3000")]
    [InlineData("http://u:p@a", "'http://***@a': must not hold a user name or password; send credentials with a RequestHeader transform")]
    [InlineData("http://a/?b=c", "'http://a/?b=c': must not hold a query or fragment; the client's own query is sent; add to it with a QueryValueParameter transform")]
    public void ADestinationIsAnAbsoluteUrl(string address, string error) => Assert.Equal(
        "gateway.json(6,32): ReverseProxy:Clusters:c:Destinations:one:Address: " + error,
        Error(WithCluster($"\"Destinations\": {{ \"one\": {{ \"Address\": \"{address}\" }} }}")));

    [Theory]
    [InlineData("http://127.0.0.1:5001")]
    [InlineData("https://[::1]:1/base/")]
    [InlineData("http://voice.internal")]
    public void AnAbsoluteUrlIsFine(string address) =>
        Assert.Empty(Errors(WithCluster($"\"Destinations\": {{ \"one\": {{ \"Address\": \"{address}\", \"Health\": \"{address}\" }} }}")));
}
