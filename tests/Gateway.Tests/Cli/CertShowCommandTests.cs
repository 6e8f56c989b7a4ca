using Gateway.Certificates;
using Gateway.Tests.Certificates;
using Microsoft.Extensions.Time.Testing;

namespace Gateway.Tests.Cli;

public sealed class CertShowCommandTests : IDisposable
{
    private static readonly TestIssuer Issuer = TestIssuer.Shared;

    private readonly FakeTimeProvider _clock = new(TimeProvider.System.GetUtcNow());
    private readonly CertConsole _console;

    public CertShowCommandTests() => _console = new CertConsole { Clock = _clock };

    public void Dispose() => _console.Dispose();

    [Fact]
    public void ShowsEveryCertificateWithNamesIssuerSourceAndExpiry()
    {
        LocalAuthority.OpenOrCreate(_console.StateDirectory, _clock).LeafFor(LocalNames.ForLoopback);
        var end = _clock.GetUtcNow().AddDays(60).AddHours(1);
        var path = Pair("a", ["a.example.com", "10.0.0.1"], end);
        Assert.Equal(0, Show($$"""{ "Path": "{{path}}" }"""));
        Assert.Matches($@"a\.example\.com, 10\.0\.0\.1 +Test intermediate +{path} +{end:yyyy-MM-dd} \(60 days left\)", _console.Output);
        Assert.Matches(@"localhost, \*\.localhost, 127\.0\.0\.1, ::1 +Gateway local CA \(.*\) +local authority \(gateway dev\) +\S+ \(396 days left\)", _console.Output);
    }

    [Fact]
    public void MarksWhatHasExpiredAndWhatSoonWill()
    {
        var expired = Pair("expired", ["a.example.com"], _clock.GetUtcNow().AddDays(-3).AddHours(-1));
        var soon = Pair("soon", ["b.example.com"], _clock.GetUtcNow().AddDays(5).AddHours(1));
        Assert.Equal(0, Show($$"""{ "Path": "{{expired}}" }, { "Path": "{{soon}}" }"""));
        Assert.Contains("(EXPIRED 3 days ago)", _console.Output, StringComparison.Ordinal);
        Assert.Contains("(SOON: 5 days left)", _console.Output, StringComparison.Ordinal);
    }

    [Fact]
    public void AFileThatCannotBeServedIsAFailureBesideTheOthers()
    {
        var good = Pair("good", ["a.example.com"], _clock.GetUtcNow().AddDays(60));
        Assert.Equal(1, Show($$"""{ "Path": "{{_console.Home["none.pem"]}}" }, { "Path": "{{good}}" }"""));
        Assert.Contains("there is no such file", _console.Error, StringComparison.Ordinal);
        Assert.Contains("Gateway:Certificates:0", _console.Error, StringComparison.Ordinal);
        Assert.Contains("a.example.com", _console.Output, StringComparison.Ordinal);
    }

    [Fact]
    public void WithoutConfigurationAndAuthorityThereIsNothingToShow()
    {
        Assert.Equal(0, _console.Run("show", "--config", _console.Home["gateway.json"]));
        Assert.Contains("No certificate", _console.Output, StringComparison.Ordinal);
        Assert.False(Directory.Exists(_console.StateDirectory));
    }

    private string Pair(string name, string[] names, DateTimeOffset notAfter)
    {
        var leaf = Issuer.Issue(names, notBefore: _clock.GetUtcNow().AddDays(-85), notAfter: notAfter);
        return _console.Home.Write(name + ".pem", Issuer.Chain(leaf) + TestIssuer.Key(leaf));
    }

    private int Show(string certificates)
    {
        var config = _console.Home.Write("gateway.json", $$"""
            {
              "Kestrel": { "Endpoints": { "Https": { "Url": "https://*:8443" } } },
              "ReverseProxy": {
                "Routes": { "web": { "ClusterId": "web", "Match": { "Path": "{**rest}" } } },
                "Clusters": { "web": { "Destinations": { "one": { "Address": "http://127.0.0.1:3000/" } } } }
              },
              "Gateway": { "Certificates": [{{certificates}}] }
            }
            """);
        return _console.Run("show", "--config", config);
    }
}
