using static Gateway.Tests.Configuration.ConfigurationText;

namespace Gateway.Tests.Configuration;

public sealed class RouteTests
{
    private static string[] ErrorsOfTwo(string first, string second) => Errors(
        $$"""
        { "ReverseProxy": {
          "Routes": {
            "a": { "ClusterId": "c", {{first}} },
            "b": { "ClusterId": "c", {{second}} } },
          "Clusters": { "c": { "Destinations": { "one": { "Address": "http://127.0.0.1:1" } } } } } }
        """);

    [Theory]
    [InlineData("\"ClusterId\": \"d\", \"Match\": { \"Path\": \"/\" }", "gateway.json(3,5): ReverseProxy:Routes:r:ClusterId: 'd': there is no such cluster; add it under ReverseProxy:Clusters; there are c")]
    [InlineData("\"ClusterId\": \"voice\", \"Match\": { \"Path\": \"/\" }", "gateway.json(3,5): ReverseProxy:Routes:r:ClusterId: 'voice': there is no such cluster; add it under ReverseProxy:Clusters; there are c")]
    [InlineData("\"Match\": { \"Path\": \"/\" }", "gateway.json(2,15): ReverseProxy:Routes:r: has no 'ClusterId'; add it, for example \"ClusterId\": \"voice\"")]
    [InlineData("\"ClusterId\": \"c\"", "gateway.json(2,15): ReverseProxy:Routes:r: has no 'Match'; add it, for example \"Match\": { \"Path\": \"/{**rest}\" }")]
    [InlineData("\"ClusterId\": \"c\", \"Match\": { \"Methods\": [ \"GET\" ] }", "gateway.json(3,23): ReverseProxy:Routes:r:Match: has no 'Path'; add it, for example \"Path\": \"/{**rest}\" for all requests, or Hosts")]
    [InlineData("\"ClusterId\": \"c\", \"Match\": { \"Path\": \"/a/{b\" }", "gateway.json(3,34): ReverseProxy:Routes:r:Match:Path: '/a/{b': is no path template: There is an incomplete parameter in the route template. Check that each '{' character has a matching '}' character; for example /api/{**rest}")]
    [InlineData("\"ClusterId\": \"c\", \"Match\": { \"Path\": \"/a/{**b}/c\" }", "gateway.json(3,34): ReverseProxy:Routes:r:Match:Path: '/a/{**b}/c': is no path template: A catch-all parameter can only appear as the last segment of the route template; for example /api/{**rest}")]
    [InlineData("\"ClusterId\": \"c\", \"Match\": { \"Path\": \"/{id:number}\" }", "gateway.json(3,34): ReverseProxy:Routes:r:Match:Path: '/{id:number}': is no path template: The constraint reference 'number' could not be resolved to a type. Register the constraint type with 'Microsoft.AspNetCore.Routing.RouteOptions.ConstraintMap'; for example /api/{**rest}")]
    [InlineData("\"ClusterId\": \"c\", \"Match\": { \"Path\": \"/\", \"Methods\": [ \"FETCH\" ] }", "gateway.json(3,60): ReverseProxy:Routes:r:Match:Methods:0: 'FETCH': must be GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS or TRACE")]
    public void ARouteThatLeadsNowhereIsAnError(string route, string error) => Assert.Equal(error, Error(WithRoute(route)));

    [Fact]
    public void AMisspeltClusterIsSuggested() => Assert.Equal(
        "gateway.json(1,42): ReverseProxy:Routes:r:ClusterId: 'vioce': there is no such cluster; did you mean 'voice'?",
        Error("""{ "ReverseProxy": { "Routes": { "r":   { "ClusterId": "vioce", "Match": { "Path": "/" } } }, "Clusters": { "voice": { "Destinations": { "a": { "Address": "http://a" } } } } } }"""));

    [Theory]
    [InlineData("WebSocket", "WebSockets")]
    [InlineData("websokets", "WebSockets")]
    [InlineData("EncodeSlashes", "EncodedSlashes")]
    [InlineData("Redirct", "Redirect")]
    public void MetadataThatIsNearlyTheGatewaysIsAnError(string key, string meant) => Assert.Equal(
        $"gateway.json(3,63): ReverseProxy:Routes:r:Metadata:{key}: unknown key; did you mean '{meant}'? A name of your own must differ more",
        Error(WithRoute($$"""
            "ClusterId": "c", "Match": { "Path": "/" }, "Metadata": { "{{key}}": "true" }
            """)));

    [Theory]
    [InlineData("WEBSOCKETS")]
    [InlineData("Team")]
    [InlineData("Stats")]
    [InlineData("Tests")]
    [InlineData("Websites")]
    public void MetadataOfOnesOwnIsFine(string key) => Assert.Empty(Errors(WithRoute($$"""
        "ClusterId": "c", "Match": { "Path": "/" }, "Metadata": { "{{key}}": "true" }
        """)));

    [Theory]
    [InlineData("\"Match\": { \"Path\": \"/api/{**rest}\" }", "\"Match\": { \"Path\": \"/API/{**all}\" }")]
    [InlineData("\"Match\": { \"Path\": \"/api/{*rest}\" }", "\"Match\": { \"Path\": \"api/{**all}\" }")]
    [InlineData("\"Match\": { \"Path\": \"/x/{id:int}\" }", "\"Match\": { \"Path\": \"/x/{number:int}/\" }")]
    [InlineData("\"Match\": { \"Hosts\": [ \"a.com\", \"b.com\" ] }", "\"Match\": { \"Hosts\": [ \"B.com\" ], \"Path\": \"/{**x}\" }")]
    [InlineData("\"Match\": { \"Path\": \"/\", \"Methods\": [ \"GET\", \"PUT\" ] }", "\"Match\": { \"Path\": \"/\", \"Methods\": [ \"put\" ] }, \"Order\": 0")]
    [InlineData("\"Match\": { \"Path\": \"/\", \"Headers\": [ { \"Name\": \"a\", \"Values\": [ \"1\" ] } ] }", "\"Match\": { \"Path\": \"/\", \"Headers\": [ { \"Name\": \"A\", \"Values\": [ \"1\" ] } ] }")]
    public void TwoRoutesThatTakeTheSameRequestsAreAnError(string first, string second) => Assert.Equal(
        ["gateway.json(4,5): ReverseProxy:Routes:b: takes the same requests as route 'a' in gateway.json(3,5); change its Match, or give one of the two an Order"],
        ErrorsOfTwo(first, second));

    [Theory]
    [InlineData("\"Match\": { \"Path\": \"/{**rest}\" }", "\"Match\": { \"Path\": \"/api/{**rest}\" }")]
    [InlineData("\"Match\": { \"Path\": \"/\" }", "\"Match\": { \"Path\": \"/\" }, \"Order\": 1")]
    [InlineData("\"Match\": { \"Path\": \"/\" }", "\"Match\": { \"Path\": \"/\", \"Hosts\": [ \"a.com\" ] }")]
    [InlineData("\"Match\": { \"Path\": \"/\", \"Hosts\": [ \"b.com\" ] }", "\"Match\": { \"Path\": \"/\", \"Hosts\": [ \"a.com\" ] }")]
    [InlineData("\"Match\": { \"Path\": \"/\" }", "\"Match\": { \"Path\": \"/\", \"Methods\": [ \"GET\" ] }")]
    [InlineData("\"Match\": { \"Path\": \"/{id:int}\" }", "\"Match\": { \"Path\": \"/{id:guid}\" }")]
    [InlineData("\"Match\": { \"Path\": \"/\" }", "\"Match\": { \"Path\": \"/\", \"QueryParameters\": [ { \"Name\": \"a\", \"Mode\": \"Exists\" } ] }")]
    public void RoutesThatDifferInAnythingAreFine(string first, string second) => Assert.Empty(ErrorsOfTwo(first, second));

}
