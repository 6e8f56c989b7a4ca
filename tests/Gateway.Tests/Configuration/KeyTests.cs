using static Gateway.Tests.Configuration.ConfigurationText;

namespace Gateway.Tests.Configuration;

public sealed class KeyTests
{
    [Fact]
    public void AMisspeltKeyIsAnErrorThatSuggestsTheRightOne() => Assert.Equal(
        "gateway.json(6,5): ReverseProxy:Clusters:c:Destinatons: unknown key; did you mean 'Destinations'?",
        Error(WithCluster("\"Destinatons\": { \"one\": { \"Address\": \"http://127.0.0.1:1\" } }")));

    [Theory]
    [InlineData("""{ "Foo": 1 }""", "gateway.json(1,3): Foo: unknown key; known here: $schema, Kestrel, ReverseProxy, AllowedHosts, Gateway, LettuceEncrypt, Serilog")]
    [InlineData("""{ "Logging": {} }""", "gateway.json(1,3): Logging: unknown key; the gateway logs with Serilog: set Serilog:MinimumLevel:Default and Serilog:MinimumLevel:Override instead")]
    [InlineData("""{ "Kestrel": { "Limits": {} } }""", "gateway.json(1,16): Kestrel:Limits: unknown key; Kestrel takes no limits from configuration: use Gateway:Limits")]
    [InlineData("""{ "Kestrel": { "Endpoints": { "a": { "Url": "http://*:1", "Certificats": {} } } } }""", "gateway.json(1,59): Kestrel:Endpoints:a:Certificats: unknown key; did you mean 'Certificate'?")]
    [InlineData("""{ "Endpoints": { "a": { "Url": "http://*:1" } } }""", "gateway.json(1,3): Endpoints: unknown key; it belongs in Kestrel")]
    [InlineData("""{ "Routes": {} }""", "gateway.json(1,3): Routes: unknown key; it belongs in ReverseProxy")]
    [InlineData("""{ "Gateway": { "AllowedHosts": "*" } }""", "gateway.json(1,16): Gateway:AllowedHosts: unknown key; it belongs in the outermost object")]
    [InlineData("""{ "Gateway": { "TrustedProxies": { "first": "10.0.0.1" } } }""", "gateway.json(1,16): Gateway:TrustedProxies: must be a list: [ ... ]")]
    public void UnknownKeysSayWhatToDo(string json, string error) => Assert.Equal(error, Error(json));

    [Theory]
    [InlineData("\"ClusterId\": \"c\", \"Path\": \"/\", \"Match\": { \"Hosts\": [ \"a\" ] }",
        "gateway.json(3,23): ReverseProxy:Routes:r:Path: unknown key; it belongs in ReverseProxy:Routes:r:Match")]
    [InlineData("\"ClusterId\": \"c\", \"Match\": { \"Path\": \"/\", \"Order\": 1 }",
        "gateway.json(3,47): ReverseProxy:Routes:r:Match:Order: unknown key; it belongs in ReverseProxy:Routes:r")]
    [InlineData("\"ClusterId\": \"c\", \"Match\": { \"Path\": \"/\" }, \"PathPrefix\": \"/x\"",
        "gateway.json(3,49): ReverseProxy:Routes:r:PathPrefix: unknown key; it belongs in ReverseProxy:Routes:r:Transforms:0")]
    public void AKeyAtTheWrongLevelIsToldWhereItBelongs(string route, string error) => Assert.Equal(error, Error(WithRoute(route)));

    [Fact]
    public void KeysIgnoreCase() => Assert.Empty(Errors("""{ "gateway": { "httpsredirect": false }, "reverseproxy": { "routes": {} } }"""));

    [Fact]
    public void NullIsAbsent()
    {
        var result = Read("""{ "Gateway": { "HttpsRedirect": null, "TrustedProxies": [ null, "10.0.0.1" ] }, "ReverseProxy": { "Clusters": { "c": null } } }""");
        Assert.Empty(result.Errors);
        Assert.True(result.Configuration.Gateway.HttpsRedirect);
        Assert.Equal("10.0.0.1/32", Assert.Single(result.Configuration.Gateway.TrustedProxies).ToString());
        Assert.Empty(result.Configuration.Clusters);
    }

    [Theory]
    [InlineData("{ \"PathPrefx\": \"/x\" }", "gateway.json(3,67): ReverseProxy:Routes:r:Transforms:0:PathPrefx: unknown key; did you mean 'PathPrefix'?")]
    [InlineData("{ \"RequestHeader\": \"a\", \"Sett\": \"b\" }", "gateway.json(3,89): ReverseProxy:Routes:r:Transforms:0:Sett: unknown key; did you mean 'Set'?")]
    [InlineData("{ \"RequestHeader\": \"a\" }", "gateway.json(3,65): ReverseProxy:Routes:r:Transforms:0: needs either Set or Append beside RequestHeader")]
    [InlineData("{ \"RequestHeader\": \"a\", \"Set\": \"b\", \"Append\": \"c\" }", "gateway.json(3,65): ReverseProxy:Routes:r:Transforms:0: needs either Set or Append beside RequestHeader")]
    [InlineData("{ \"X-Forwarded\": \"set\" }", "gateway.json(3,67): ReverseProxy:Routes:r:Transforms:0:X-Forwarded: 'set': must be Off, Set, Append or Remove, with this capitalization")]
    public void EachKindOfTransformHasItsOwnKeys(string transform, string error) => Assert.Equal(
        error, Error(WithRoute($"\"ClusterId\": \"c\", \"Match\": {{ \"Path\": \"/\" }}, \"Transforms\": [ {transform} ]")));

    [Fact]
    public void ATransformOfNoKindListsTheKinds() => Assert.StartsWith(
        "gateway.json(3,65): ReverseProxy:Routes:r:Transforms:0: nothing says what this changes; it needs one of PathSet, PathPrefix, ",
        Error(WithRoute("\"ClusterId\": \"c\", \"Match\": { \"Path\": \"/\" }, \"Transforms\": [ { \"Foo\": 1 } ]")));

    [Fact]
    public void ReportsEveryErrorInTheOrderOfTheFileAndTheEnvironmentLast() => Assert.Equal(
        [
            "gateway.json(2,4): Gatewy: unknown key; did you mean 'Gateway'?",
            "gateway.json(3,17): Kestrel:Endpoints: must be an object: { ... }",
            "gateway.json(4,41): ReverseProxy:Routes:r:ClusterId: 'nowhere': there is no such cluster; add it under ReverseProxy:Clusters",
            "gateway.json(4,65): ReverseProxy:Routes:r:Match: has no 'Path'; add it, for example \"Path\": \"/{**rest}\" for all requests, or Hosts",
            "environment variable ENABLE_SSL: 'perhaps': must be true or false",
            "environment variable GATEWAY_GATEWAY__HTTPSREDIRECT: Gateway:HttpsRedirect: 'maybe': must be true or false",
        ],
        Errors(
            """
            {
               "Gatewy": { "Anything": true },
               "Kestrel": { "Endpoints": [] },
               "ReverseProxy": { "Routes": { "r": { "ClusterId": "nowhere", "Match": {} } } }
            }
            """,
            ("GATEWAY_GATEWAY__HTTPSREDIRECT", "maybe"),
            ("ENABLE_SSL", "perhaps")));
}
