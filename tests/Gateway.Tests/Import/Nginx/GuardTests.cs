using System.Net;
using Gateway.Configuration;

namespace Gateway.Tests.Import.Nginx;

/// <summary>What kept people out behind nginx keeps them out, whatever cannot be kept of it.</summary>
public sealed class GuardTests
{
    private const string Pass = "proxy_pass http://127.0.0.1:1;";

    private static AccessPolicy Policy(NginxText import, string route = "web")
    {
        Assert.Empty(import.Errors);
        return import.Configuration.Gateway.Access[import.Configuration.Routes.Single(r => r.RouteId == route).AuthorizationPolicy!];
    }

    private static bool LetsIn(AccessPolicy policy, string address) =>
        (policy.Allow.Count == 0 || policy.Allow.Covers(IPAddress.Parse(address))) && !policy.Deny.Covers(IPAddress.Parse(address));

    [Fact]
    public void AddressesAreKept()
    {
        using var import = NginxText.Server($"location / {{ deny 10.0.0.5; allow 10.0.0.1/8; allow 2001:db8::/32; deny all; {Pass} }}");

        var policy = Policy(import);
        Assert.True(LetsIn(policy, "10.0.0.4") && LetsIn(policy, "2001:db8::1"));
        Assert.False(LetsIn(policy, "10.0.0.5") || LetsIn(policy, "192.0.2.1"));
    }

    [Fact]
    public void APlainPasswordIsHashedAndAHashThatNobodyCanReadIsReported()
    {
        using var import = NginxText.Server(
            $"auth_basic x; auth_basic_user_file htpasswd; location / {{ {Pass} }}", ("htpasswd", "alice:{PLAIN}wonder land\nbob:$apr1$a$b\ncarol:$2y$05$x\n# no user\n"));

        Assert.True(Assert.Single(Policy(import).Basic) is { Key: "alice", Value: var hash } && hash.Verifies("wonder land"));
        Assert.Contains("bob (apr1), carol (bcrypt). Run `gateway key password NAME`", import.Of("auth_basic_user_file"), StringComparison.Ordinal);
        Assert.DoesNotContain("wonder land", import.Json, StringComparison.Ordinal);
        Assert.DoesNotContain("wonder land", import.Report.Text(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("auth_basic x; auth_basic_user_file gone;")]
    [InlineData("auth_basic x;")]
    [InlineData("auth_basic x; auth_basic_user_file hashes;")]
    [InlineData("auth_request /auth;")]
    [InlineData("auth_jwt x;")]
    [InlineData("ssl_verify_client on;")]
    public void WhatCannotBeKeptLetsNobodyIn(string guard)
    {
        using var import = NginxText.Server($"{guard} location / {{ {Pass} }}", ("hashes", "bob:$apr1$a$b\n"));

        var policy = Policy(import);
        Assert.False(LetsIn(policy, "127.0.0.1") || LetsIn(policy, "::1"));
    }

    [Theory]
    [InlineData("location /x/ { deny all; root /srv; }", "403")]
    [InlineData("location /x/ { auth_basic x; root /srv; }", "403")]
    [InlineData("location /x/ { internal; proxy_pass http://127.0.0.1:1; }", "404")]
    [InlineData("location /x/ { return 444; }", "403")]
    [InlineData("location ~ ^/x/ { deny all; }", "403")]
    [InlineData("location /x/ { deny somewhere; proxy_pass http://127.0.0.1:1; }", "403")]
    public void AGuardedLocationThatIsLeftOutDoesNotFallToTheNext(string location, string status)
    {
        using var import = NginxText.Server($"{location} location / {{ {Pass} }}");

        Assert.Empty(import.Errors);
        var route = import.Configuration.Routes.Single(r => r.ClusterId is null);
        Assert.Equal(status, route.Metadata!["Status"]);
    }

    [Fact]
    public void OtherMethodsThanThoseOfLimitExceptAreRefused()
    {
        using var import = NginxText.Server($"location / {{ limit_except GET {{ deny all; }} {Pass} }}");

        Assert.Empty(import.Errors);
        Assert.Equal(["GET", "HEAD"], import.Configuration.Routes.Single(r => r.ClusterId is not null).Match.Methods);
        Assert.Equal("403", import.Configuration.Routes.Single(r => r.ClusterId is null).Metadata!["Status"]);
    }
}
