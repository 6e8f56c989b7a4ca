using Gateway.Configuration;
using Gateway.Hosting;
using Gateway.Hosting.Admin;
using static Gateway.Tests.Configuration.ConfigurationText;

namespace Gateway.Tests.Configuration;

public sealed class AdminTests
{
    private static string Json(string address) => $"{{ \"Gateway\": {{ \"Admin\": \"{address}\" }} }}";

    [Theory]
    [InlineData("127.0.0.1:9180", "127.0.0.1:9180")]
    [InlineData("127.0.0.2:1", "127.0.0.2:1")]
    [InlineData("localhost:8000", "127.0.0.1:8000")]
    [InlineData("[::1]:9180", "[::1]:9180")]
    [InlineData("127.0.0.1:0", "127.0.0.1:0")]
    [InlineData("unix:/run/gateway/admin.sock", "unix:/run/gateway/admin.sock")]
    public void ListensOnTheLoopbackOrOnAUnixSocket(string written, string expected)
    {
        var result = Read(Json(written));
        Assert.Empty(result.Errors);
        Assert.Equal(expected, result.Configuration.Gateway.Admin?.Address?.ToString());
    }

    [Theory]
    [InlineData("0.0.0.0:9180")]
    [InlineData("*:9180")]
    [InlineData("[::]:9180")]
    [InlineData("10.0.0.5:9180")]
    [InlineData("203.0.113.7:9180")]
    public void AnAddressThatOthersReachIsRefused(string written)
    {
        var error = Error(Json(written));
        Assert.StartsWith($"gateway.json(1,16): Gateway:Admin: '{written}': is not on the loopback", error, StringComparison.Ordinal);
        Assert.Contains("AuthorizationPolicy", error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("9180")]
    [InlineData("127.0.0.1")]
    [InlineData("127.0.0.1:65536")]
    [InlineData("example.com:9180")]
    [InlineData("::1:9180")]
    [InlineData("http://127.0.0.1:9180")]
    [InlineData("unix:admin.sock")]
    [InlineData("unix:")]
    [InlineData("on")]
    public void AnythingElseIsNoAddress(string written) => Assert.Equal(
        $"gateway.json(1,16): Gateway:Admin: '{written}': must be off, a loopback address with a port, or unix: and a path; for example 127.0.0.1:9180 or unix:/run/gateway/admin.sock",
        Error(Json(written)));

    [Fact]
    public void AnEndpointOfTheFileCannotHaveTheSamePort()
    {
        var error = Error("""{ "Kestrel": { "Endpoints": { "https": { "Url": "https://*:9180" } } }, "Gateway": { "Admin": "127.0.0.1:9180" } }""");
        Assert.Contains("Gateway:Admin: '127.0.0.1:9180': endpoint 'https' has it already", error, StringComparison.Ordinal);
    }

    private static string WithRouteTo(string address, string policy, string admin) =>
        $$"""
        { "Gateway": { {{admin}} "Access": { "ops": { "Allow": ["10.0.0.0/8"] } } },
          "ReverseProxy": {
            "Routes": { "status": { {{policy}} "ClusterId": "status", "Match": { "Path": "/gateway/{**rest}" } } },
            "Clusters": { "status": { "Destinations": { "one": { "Address": "{{address}}" } } } } } }
        """;

    [Theory]
    [InlineData("http://127.0.0.1:9180", "", "")]
    [InlineData("http://localhost:9180/", "\"AuthorizationPolicy\": \"Anonymous\",", "")]
    [InlineData("http://[::1]:9000", "", "\"Admin\": \"127.0.0.1:9000\",")]
    public void ARouteToItNeedsAPolicy(string address, string policy, string admin)
    {
        var error = Error(WithRouteTo(address, policy, admin));
        Assert.StartsWith("gateway.json(3,17): ReverseProxy:Routes:status: leads to 127.0.0.1:9", error, StringComparison.Ordinal);
        Assert.EndsWith("give Gateway:Admin another port or write off", error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("http://127.0.0.1:9180", "\"AuthorizationPolicy\": \"ops\",", "")]
    [InlineData("http://127.0.0.1:9180", "", "\"Admin\": \"off\",")]
    [InlineData("http://127.0.0.1:9180", "", "\"Admin\": \"127.0.0.1:9181\",")]
    [InlineData("http://127.0.0.1:9180", "", "\"Admin\": \"unix:/run/gateway/admin.sock\",")]
    [InlineData("http://10.0.0.1:9180", "", "")]
    public void AnyOtherRouteDoesNot(string address, string policy, string admin) => Assert.Empty(Errors(WithRouteTo(address, policy, admin)));

    [Theory]
    [InlineData("{}", HostMode.Run, "127.0.0.1:9180", false)]
    [InlineData("{}", HostMode.Dev, "127.0.0.1:5180", false)]
    [InlineData("""{ "Gateway": { "Admin": "127.0.0.1:9000" } }""", HostMode.Run, "127.0.0.1:9000", true)]
    [InlineData("""{ "Gateway": { "Admin": "127.0.0.1:9000" } }""", HostMode.Dev, "127.0.0.1:5180", false)]
    [InlineData("""{ "Gateway": { "Admin": "off" } }""", HostMode.Run, null, false)]
    [InlineData("""{ "Gateway": { "Admin": "OFF" } }""", HostMode.Dev, null, false)]
    public void WhatIsWrittenMustBeHadAndDevKeepsToItsOwnPort(string json, object mode, string? address, bool isRequired)
    {
        var listening = AdminListening.For(Read(json).Configuration, (HostMode)mode);
        Assert.Equal(address, listening?.Address.ToString());
        Assert.Equal(isRequired, listening?.IsRequired ?? false);
    }
}
