using static Gateway.Tests.Configuration.ConfigurationText;

namespace Gateway.Tests.Configuration;

public sealed class ValueTests
{
    [Theory]
    [InlineData("\"HttpsRedirect\": \"maybe\"", "gateway.json(1,16): Gateway:HttpsRedirect: 'maybe': must be true or false")]
    [InlineData("\"HttpsRedirect\": 1", "gateway.json(1,16): Gateway:HttpsRedirect: '1': must be true or false")]
    [InlineData("\"StateDirectory\": true", "gateway.json(1,16): Gateway:StateDirectory: 'True': must be text in quotes")]
    [InlineData("\"StateDirectory\": \"\"", "gateway.json(1,16): Gateway:StateDirectory: '': must not be empty")]
    [InlineData("\"Limits\": { \"MaxRequestBodySize\": \"10 MB\" }", "gateway.json(1,28): Gateway:Limits:MaxRequestBodySize: '10 MB': must be a whole number")]
    [InlineData("\"Limits\": { \"MaxRequestBodySize\": 1.5 }", "gateway.json(1,28): Gateway:Limits:MaxRequestBodySize: '1.5': must be a whole number")]
    [InlineData("\"Limits\": { \"MaxRequestBodySize\": -1 }", "gateway.json(1,28): Gateway:Limits:MaxRequestBodySize: '-1': must be at least 0")]
    [InlineData("\"Timeouts\": { \"Request\": 30 }", "gateway.json(1,30): Gateway:Timeouts:Request: '30': must be a time span longer than zero: HH:MM:SS, or D.HH:MM:SS with days; for example \"00:05:00\"")]
    [InlineData("\"Timeouts\": { \"Request\": \"30s\" }", "gateway.json(1,30): Gateway:Timeouts:Request: '30s': must be a time span longer than zero: HH:MM:SS, or D.HH:MM:SS with days; for example \"00:05:00\"")]
    [InlineData("\"Timeouts\": { \"Request\": \"00:00:00\" }", "gateway.json(1,30): Gateway:Timeouts:Request: '00:00:00': must be a time span longer than zero: HH:MM:SS, or D.HH:MM:SS with days; for example \"00:05:00\"")]
    [InlineData("\"WebSockets\": { \"IdleTimeout\": \"never\" }", "gateway.json(1,32): Gateway:WebSockets:IdleTimeout: 'never': must be a time span longer than zero, HH:MM:SS, or none")]
    [InlineData("\"Certificates\": { \"Path\": \"a.pem\" }", "gateway.json(1,16): Gateway:Certificates: must be a list: [ ... ]")]
    [InlineData("\"Certificates\": [ \"a.pem\" ]", "gateway.json(1,34): Gateway:Certificates:0: 'a.pem': must be an object: { ... }")]
    [InlineData("\"Certificates\": [ { \"KeyPath\": \"a.key\" } ]", "gateway.json(1,34): Gateway:Certificates:0: has no 'Path'; add it, for example \"Path\": \"/etc/letsencrypt/live/example.com/fullchain.pem\"")]
    public void BreachesOfTheSchemaQuoteTheValueAndTheRule(string member, string error) => Assert.Equal(error, Error($"{{ \"Gateway\": {{ {member} }} }}"));

    [Theory]
    [InlineData("\"LoadBalancingPolicy\": \"RoundRobbin\"", "gateway.json(6,65): ReverseProxy:Clusters:c:LoadBalancingPolicy: 'RoundRobbin': must be FirstAlphabetical, Random, RoundRobin, LeastRequests or PowerOfTwoChoices; did you mean 'RoundRobin'?")]
    [InlineData("\"HttpRequest\": { \"Version\": \"4\" }", "gateway.json(6,82): ReverseProxy:Clusters:c:HttpRequest:Version: '4': must be 1.0, 1.1, 2 or 3")]
    [InlineData("\"HttpClient\": { \"MaxConnectionsPerServer\": 0 }", "gateway.json(6,81): ReverseProxy:Clusters:c:HttpClient:MaxConnectionsPerServer: '0': must be at least 1")]
    public void ValuesOfOneSetAreSuggested(string member, string error) => Assert.Equal(
        error, Error(WithCluster("\"Destinations\": { \"one\": { \"Address\": \"http://a:1\" } },     " + member)));

    [Fact]
    public void AWrongSerilogLevelIsTold() => Assert.Equal(
        "gateway.json(1,16): Serilog:MinimumLevel: 'Warn': must be Verbose, Debug, Information, Warning, Error or Fatal",
        Error("""{ "Serilog": { "MinimumLevel": "Warn" } }"""));

    [Fact]
    public void TextThatReadsAsTheTypeWillDo()
    {
        var result = Read("""{ "Gateway": { "HttpsRedirect": "False", "Limits": { "MaxRequestBodySize": "5" }, "TrustedProxies": { "0": "::1", "1": "10.0.0.0/8" } } }""");
        Assert.Empty(result.Errors);
        Assert.False(result.Configuration.Gateway.HttpsRedirect);
        Assert.Equal(5, result.Configuration.Gateway.MaxRequestBodySize);
        Assert.Equal(["::1/128", "10.0.0.0/8"], result.Configuration.Gateway.TrustedProxies.Select(network => network.ToString()));
    }

    [Theory]
    [InlineData("""{ "Gateway": { "Certificates": [ { "Path": "a.pem", "Password": [ "hunter2" ] } ] } }""")]
    [InlineData("""{ "Gateway": { "Certificates": [ { "Path": "a.pem", "Password": 123777 } ] } }""")]
    [InlineData("""{ "LettuceEncrypt": { "EabCredentials": { "EabKeyId": "a", "EabKey": true } } }""")]
    [InlineData("""{ "Gateway": { "Certificates": [ { "Path": "a.pem", "Pasword": "hunter2" } ] } }""")]
    public void SecretsAreNeverQuoted(string json)
    {
        var error = Error(json);
        Assert.DoesNotContain("hunter2", error, StringComparison.Ordinal);
        Assert.DoesNotContain("123777", error, StringComparison.Ordinal);
        Assert.DoesNotContain("True", error, StringComparison.Ordinal);
    }

    [Fact]
    public void LongAndUnprintableValuesAreCutAndEscaped()
    {
        Assert.Contains("'" + new string('x', 100) + "…'", Error($"{{ \"Gateway\": {{ \"HttpsRedirect\": \"{new string('x', 5000)}\" }} }}"), StringComparison.Ordinal);
        Assert.Contains(@"'a\u001b[31m\u000ab'", Error("""{ "Gateway": { "HttpsRedirect": "a\u001b[31m\nb" } }"""), StringComparison.Ordinal);
    }
}
