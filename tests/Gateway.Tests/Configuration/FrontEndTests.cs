using static Gateway.Tests.Configuration.ConfigurationText;

namespace Gateway.Tests.Configuration;

public sealed class FrontEndTests
{
    private static string With(string gateway, string path = "/api/{**rest}") =>
        "{ \"Gateway\": {\n" + gateway + "\n}, " + WithRoute($"\"ClusterId\": \"c\", \"Match\": {{ \"Path\": \"{path}\" }}").TrimStart()[1..];

    [Theory]
    [InlineData("\"StaticFiles\": { \"Fallback\": \"index.html\" }", "gateway.json(2,1): Gateway:StaticFiles: has no 'Root'; add it, for example \"Root\": \"/srv/chat/dist\"")]
    [InlineData("\"StaticFiles\": { \"Root\": \"/srv\", \"CacheControls\": {} }", "gateway.json(2,34): Gateway:StaticFiles:CacheControls: unknown key; did you mean 'CacheControl'?")]
    [InlineData("\"StaticFiles\": { \"Root\": \"/srv\", \"AuthorizationPolicy\": \"staff\" }", "gateway.json(2,34): Gateway:StaticFiles:AuthorizationPolicy: 'staff': there is no such policy; add a policy under Gateway:Access and name it here")]
    [InlineData("\"ErrorPages\": { \"200\": \"a.html\" }", "gateway.json(2,17): Gateway:ErrorPages:200: is no status of an error; write a status (502), a class (4xx, 5xx), or * for all")]
    public void WhatCannotWorkIsAnError(string gateway, string error) => Assert.Equal(error, Error(With(gateway)));

    [Theory]
    [InlineData("/{**rest}")]
    [InlineData("{*path}")]
    public void FilesThatNoRequestCanReachAreAnError(string path) => Assert.Matches(
        @"^gateway\.json\(2,1\): Gateway:StaticFiles: is never used: route 'r' in gateway\.json\(\d,\d+\) takes every request; remove the one or the other$",
        Error(With("\"StaticFiles\": { \"Root\": \"/srv\" }", path)));

    [Fact]
    public void RulesKeepTheirOrder()
    {
        var options = Read(With("\"StaticFiles\": { \"Root\": \"/srv\", \"CacheControl\": { \"*.js\": \"no-store\", \"**\": \"no-cache\" } }")).Configuration.Gateway.StaticFiles!;

        Assert.Equal([("*.js", "no-store"), ("**", "no-cache")], options.CacheControl.Select(rule => (rule.Pattern, rule.Value)));
    }
}
