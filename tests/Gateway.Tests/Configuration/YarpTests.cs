using static Gateway.Tests.Configuration.ConfigurationText;

namespace Gateway.Tests.Configuration;

/// <summary>What only YARP itself knows to refuse.</summary>
public sealed class YarpTests
{
    private const string Route = "\"ClusterId\": \"c\", \"Match\": { \"Path\": \"/\"";
    private const string Cluster = "\"Destinations\": { \"one\": { \"Address\": \"http://a\" } }";

    [Theory]
    [InlineData(Route + " }, \"CorsPolicy\": \"open\"", "gateway.json(3,49): ReverseProxy:Routes:r:CorsPolicy: YARP refuses it: CORS policy 'open' not found for route 'r'.")]
    [InlineData(Route + " }, \"RateLimiterPolicy\": \"slow\"", "gateway.json(3,49): ReverseProxy:Routes:r:RateLimiterPolicy: YARP refuses it: RateLimiter policy 'slow' not found for route 'r'.")]
    [InlineData(Route + " }, \"OutputCachePolicy\": \"long\"", "gateway.json(3,49): ReverseProxy:Routes:r:OutputCachePolicy: YARP refuses it: OutputCache policy 'long' not found for route 'r'.")]
    [InlineData(Route + " }, \"TimeoutPolicy\": \"long\"", "gateway.json(3,49): ReverseProxy:Routes:r:TimeoutPolicy: YARP refuses it: Timeout policy 'long' not found for route 'r'.")]
    [InlineData(Route + " }, \"TimeoutPolicy\": \"Disable\", \"Timeout\": \"00:00:01\"", "gateway.json(3,49): ReverseProxy:Routes:r:TimeoutPolicy: YARP refuses it: Route 'r' has both a Timeout '00:00:01' and TimeoutPolicy 'Disable'.")]
    [InlineData(Route + ", \"Hosts\": [ \"xn--0zwm56d.com\" ] }", "gateway.json(3,47): ReverseProxy:Routes:r:Match:Hosts: YARP refuses it: Punycode host name 'xn--0zwm56d.com' has been set for route 'r'. Use the unicode host name instead.")]
    [InlineData(Route + ", \"Methods\": [ \"GET\", \"get\" ] }", "gateway.json(3,47): ReverseProxy:Routes:r:Match:Methods: YARP refuses it: Duplicate HTTP method 'get' for route 'r'.")]
    [InlineData(Route + ", \"Headers\": [ { \"Name\": \"h\" } ] }", "gateway.json(3,47): ReverseProxy:Routes:r:Match:Headers: YARP refuses it: No header values were set on route header 'h' for route 'r'.")]
    [InlineData(Route + ", \"QueryParameters\": [ { \"Name\": \"q\" } ] }", "gateway.json(3,47): ReverseProxy:Routes:r:Match:QueryParameters: YARP refuses it: No query parameter values were set on route query parameter 'q' for route 'r'.")]
    [InlineData(Route + " }, \"Transforms\": [ { \"Forwarded\": \"from\" } ]", "gateway.json(3,49): ReverseProxy:Routes:r:Transforms: YARP refuses it: Unexpected value for X-Forwarded: from. Expected 'for', 'host', 'proto', or 'by'")]
    [InlineData(Route + " }, \"Transforms\": [ { \"PathPattern\": \"/{a\" } ]", "gateway.json(3,49): ReverseProxy:Routes:r:Transforms: YARP refuses it: Unusable transform: There is an incomplete parameter in the route template. Check that each '{' character has a matching '}' character.")]
    public void WhatYarpHasAgainstARouteIsReportedAtItsPlace(string route, string error) => Assert.Equal(error, Error(WithRoute(route)));

    [Theory]
    [InlineData(Cluster + ", \"HttpClient\": { \"RequestHeaderEncoding\": \"utf-88\" }", "gateway.json(6,75): ReverseProxy:Clusters:c:HttpClient:RequestHeaderEncoding: YARP refuses it: Invalid request header encoding 'utf-88'.")]
    [InlineData(Cluster + ", \"SessionAffinity\": { \"Enabled\": true }", "gateway.json(6,59): ReverseProxy:Clusters:c:SessionAffinity: YARP refuses it: Affinity key name set on the cluster 'c' must not be null.")]
    public void WhatYarpHasAgainstAClusterIsReportedAtItsPlace(string cluster, string error) => Assert.Equal(error, Error(WithCluster(cluster)));

    [Fact]
    public void WhatHasBeenSaidIsNotSaidAgain() => Assert.Equal(
        ["gateway.json(3,34): ReverseProxy:Routes:r:Match:Path: '/{': is no path template: There is an incomplete parameter in the route template. Check that each '{' character has a matching '}' character; for example /api/{**rest}"],
        Errors(WithRoute("\"ClusterId\": \"c\", \"Match\": { \"Path\": \"/{\" }")));

    [Fact]
    public void OneBadValueDoesNotHideTheRest()
    {
        var result = Read(WithRoute("\"ClusterId\": \"c\", \"Order\": \"first\", \"Timeout\": 5, \"Match\": { \"Path\": \"/\" }"));
        Assert.Equal(2, result.Errors.Count);
        var route = Assert.Single(result.Configuration.Routes);
        Assert.Equal(("/", null, null), (route.Match.Path, route.Order, route.Timeout));
    }
}
