using static Gateway.Tests.Configuration.ConfigurationText;

namespace Gateway.Tests.Configuration;

public sealed class EnvironmentTests
{
    [Fact]
    public void VariablesOverrideTheFile()
    {
        var result = Read(
            """{ "Kestrel": { "Endpoints": { "https": { "Url": "https://*:443" } } }, "Gateway": { "TrustedProxies": [ "10.0.0.1", "10.0.0.2" ] } }""",
            ("GATEWAY_Kestrel__Endpoints__https__Url", "https://*:8443"),
            ("gateway_gateway__trustedproxies__1", "10.0.0.3"),
            ("GATEWAY_GATEWAY__TRUSTEDPROXIES__2", "10.0.0.4"),
            ("GATEWAY_GATEWAY__HTTPSREDIRECT", "FALSE"),
            ("GATEWAY_ALLOWEDHOSTS", "a.com;b.com"));
        Assert.Empty(result.Errors);
        var configuration = result.Configuration;
        var endpoint = Assert.Single(configuration.Endpoints);
        Assert.Equal((8443, "environment variable GATEWAY_Kestrel__Endpoints__https__Url"), (endpoint.Port, endpoint.Location));
        Assert.Equal(["10.0.0.1/32", "10.0.0.3/32", "10.0.0.4/32"], configuration.Gateway.TrustedProxies.Select(n => n.ToString()));
        Assert.False(configuration.Gateway.HttpsRedirect);
        Assert.Equal(["a.com", "b.com"], configuration.AllowedHosts);
        Assert.Equal("https://*:8443", configuration.Root["Kestrel:Endpoints:https:Url"]);
    }

    [Fact]
    public void VariablesCanAddAWholeRoute()
    {
        var result = Read(
            "{}",
            ("GATEWAY_REVERSEPROXY__ROUTES__a__CLUSTERID", "b"),
            ("GATEWAY_REVERSEPROXY__ROUTES__a__MATCH__PATH", "/{**rest}"),
            ("GATEWAY_REVERSEPROXY__CLUSTERS__b__DESTINATIONS__one__ADDRESS", "http://127.0.0.1:1"));
        Assert.Empty(result.Errors);
        Assert.Equal("/{**rest}", Assert.Single(result.Configuration.Routes).Match.Path);
        Assert.Equal("http://127.0.0.1:1", Assert.Single(result.Configuration.Clusters).Destinations!["one"].Address);
    }

    [Fact]
    public void AVariableReplacesWhateverTheFileHasThere()
    {
        var result = Read("""{ "Serilog": { "MinimumLevel": { "Default": "Debug" } }, "AllowedHosts": "a.com" }""",
            ("GATEWAY_SERILOG__MINIMUMLEVEL", "Error"), ("GATEWAY_ALLOWEDHOSTS__0", "b.com"));
        Assert.Empty(result.Errors);
        Assert.Equal("Error", result.Configuration.Root["Serilog:MinimumLevel"]);
        Assert.Null(result.Configuration.Root["Serilog:MinimumLevel:Default"]);
        Assert.Equal(["b.com"], result.Configuration.AllowedHosts);
    }

    [Theory]
    [InlineData("GATEWAY_GATEWAY__HTTPSREDIRCT", "true", "Gateway:HTTPSREDIRCT: unknown key; did you mean 'HttpsRedirect'?")]
    [InlineData("GATEWAY_GATEWAY__HTTPSREDIRECT", "2", "Gateway:HttpsRedirect: '2': must be true or false")]
    [InlineData("GATEWAY_KESTRELL__ENDPOINTS__A__URL", "x", "unknown key; did you mean 'GATEWAY_KESTREL__ENDPOINTS__A__URL'?")]
    [InlineData("GATEWAY_ALOWEDHOSTS", "x", "unknown key; did you mean 'GATEWAY_ALLOWEDHOSTS'?")]
    [InlineData("GATEWAY_HTTPSREDIRECT", "false", "unknown key; did you mean 'GATEWAY_GATEWAY__HTTPSREDIRECT'?")]
    [InlineData("GATEWAY_LIMITS__MAXREQUESTBODYSIZE", "5", "unknown key; did you mean 'GATEWAY_GATEWAY__LIMITS__MAXREQUESTBODYSIZE'?")]
    [InlineData("GATEWAY_GATEWAY_STATEDIRECTORY", "x", "unknown key; did you mean 'GATEWAY_GATEWAY__STATEDIRECTORY'?")]
    [InlineData("GATEWAY_KESTREL_ENDPOINTS_HTTP_URL", "x", "unknown key; did you mean 'GATEWAY_KESTREL__ENDPOINTS__HTTP__URL'?")]
    [InlineData("GATEWAY_FOO__BAR", "x", "unknown key; known here: $schema, Kestrel, ReverseProxy, AllowedHosts, Gateway, LettuceEncrypt, Serilog")]
    [InlineData("GATEWAY_GATEWAY__TRUSTEDPROXIES", "10.0.0.1", "Gateway:TrustedProxies: '10.0.0.1': must be a list: [ ... ]; set its entries one by one: GATEWAY_GATEWAY__TRUSTEDPROXIES__0, GATEWAY_GATEWAY__TRUSTEDPROXIES__1")]
    [InlineData("GATEWAY_GATEWAY", "x", "Gateway: 'x': must be an object: { ... }; name what to set in it: GATEWAY_GATEWAY__KEY")]
    [InlineData("GATEWAY_GATEWAY____HTTPSREDIRECT", "x", "names no key; write two underscores between two keys")]
    public void AMisspeltOverrideIsAnError(string name, string value, string error) =>
        Assert.Equal($"environment variable {name}: {error}", Error("{}", (name, value)));

    [Theory]
    [InlineData("GATEWAY_PORT", "tcp://10.0.0.1:80")]
    [InlineData("GATEWAY_PORT_443_TCP_ADDR", "10.0.0.1")]
    [InlineData("GATEWAY_SERVICE_HOST", "10.0.0.1")]
    [InlineData("GATEWAY_SERVICE_PORT_HTTPS", "443")]
    [InlineData("GATEWAY_GATEWAY_SERVICE_HOST", "10.0.0.1")]
    [InlineData("GATEWAY_GATEWAY_PORT_443_TCP", "tcp://10.0.0.1:443")]
    [InlineData("GATEWAY_INTERFACE", "CGI/1.1")]
    [InlineData("GATEWAY_TESTS_REQUIRE_ALL", "1")]
    [InlineData("GATEWAY_", "x")]
    [InlineData("MY_GATEWAY_GATEWAY__X", "x")]
    public void VariablesOfOthersAreLeftAlone(string name, string value) => Assert.Empty(Errors("{}", (name, value)));

    [Fact]
    public void TwoVariablesForOneKeyAreAnError() => Assert.Equal(
        "environment variable gateway_allowedhosts: AllowedHosts: set already by environment variable GATEWAY_ALLOWEDHOSTS; keep one of the two",
        Error("{}", ("gateway_allowedhosts", "a"), ("GATEWAY_ALLOWEDHOSTS", "b")));

    [Fact]
    public void AnEndlessNameIsAnError() => Assert.EndsWith(
        "names no key; write two underscores between two keys", Error("{}", ("GATEWAY_SERILOG__PROPERTIES" + string.Concat(Enumerable.Repeat("__A", 100_000)), "x")), StringComparison.Ordinal);

    [Theory]
    [InlineData("ENABLE_SSL", "no", "environment variable ENABLE_SSL: 'no': must be true or false")]
    [InlineData("SSL_CERT_PATH", "a.pem", "environment variable SSL_CERT_PATH: 'a.pem': is set without SSL_KEY_PATH; set SSL_KEY_PATH too, or neither")]
    [InlineData("SSL_KEY_PATH", "a.key", "environment variable SSL_KEY_PATH: 'a.key': is set without SSL_CERT_PATH; set SSL_CERT_PATH too, or neither")]
    [InlineData("ASPNETCORE_FORWARDEDHEADERS_ENABLED", "True", "environment variable ASPNETCORE_FORWARDEDHEADERS_ENABLED: 'True': lets every client forge its address; unset it, and name your proxies in Gateway:TrustedProxies")]
    public void VariablesWithoutPrefixAreChecked(string name, string value, string error) => Assert.Equal(error, Error("{}", (name, value)));

    [Theory]
    [InlineData("", true)]
    [InlineData("true", true)]
    [InlineData("False", false)]
    public void EnableSslIsRead(string value, bool enabled)
    {
        var result = Read("{}", ("ENABLE_SSL", value), ("SSL_CERT_PATH", ""), ("SSL_KEY_PATH", ""));
        Assert.Empty(result.Errors);
        Assert.Equal(enabled, result.Configuration.SslEnabled);
        Assert.Empty(result.Configuration.Certificates);
    }
}
