namespace Gateway.Tests.Import.Nginx;

public sealed class ServerTests
{
    private const string Proxy = "location / { proxy_pass http://127.0.0.1:1; }";

    [Theory]
    [InlineData("listen 80;", "http://0.0.0.0:80")]
    [InlineData("listen 80; listen [::]:80;", "http://*:80")]
    [InlineData("listen 127.0.0.1:8080;", "http://127.0.0.1:8080")]
    [InlineData("listen *:8080;", "http://0.0.0.0:8080")]
    [InlineData("listen 443 ssl http2;", "https://0.0.0.0:443")]
    [InlineData("listen [::1]:443 ssl;", "https://[::1]:443")]
    [InlineData("listen unix:/run/gateway.sock;", "http://unix:/run/gateway.sock")]
    [InlineData("", "http://0.0.0.0:80")]
    public void ListensWhereNginxDid(string listen, string url)
    {
        using var import = new NginxText($"server {{ {listen} {Proxy} }}");

        Assert.Empty(import.Errors);
        Assert.Equal(url, Assert.Single(import.Configuration.Endpoints).Url);
    }

    [Fact]
    public void AServerForThisMachineAloneIsNotOpenedToEverybody()
    {
        using var import = new NginxText($"server {{ listen 80; server_name a.example; {Proxy} }} server {{ listen 127.0.0.1:9000; location / {{ proxy_pass http://127.0.0.1:666; }} }}");

        Assert.DoesNotContain("666", import.Json, StringComparison.Ordinal);
        Assert.StartsWith("not supported", import.Of("listen 127.0.0.1:9000"), StringComparison.Ordinal);
    }

    [Fact]
    public void ARedirectToHttpsNeedsNoRoute()
    {
        using var import = new NginxText($"server {{ listen 80; server_name a.example; return 301 https://$host$request_uri; }} server {{ listen 443 ssl; server_name a.example; {Proxy} }}");

        Assert.Empty(import.Errors);
        Assert.Single(import.Configuration.Routes);
        Assert.True(import.Configuration.Gateway.HttpsRedirect);
        Assert.StartsWith("changed: 308", import.Of("return 301"), StringComparison.Ordinal);
    }

    [Fact]
    public void PlainHttpThatIsServedStaysPlain()
    {
        using var import = new NginxText($"server {{ listen 80; listen 443 ssl; server_name a.example; {Proxy} }}");

        Assert.False(import.Configuration.Gateway.HttpsRedirect);
    }

    [Fact]
    public void TheSameNameOnTwoPortsIsToldApartByThePort()
    {
        using var import = new NginxText("""
            server { listen 80; server_name a.example; location / { proxy_pass http://127.0.0.1:1; } }
            server { listen 8080; server_name a.example; location / { proxy_pass http://127.0.0.1:2; } }
            """);

        Assert.Empty(import.Errors);
        Assert.Equal(["a.example:80", "a.example:8080"], import.Configuration.Routes.SelectMany(r => r.Match.Hosts!));
    }

    [Fact]
    public void WhatNoNameFitsComesLast()
    {
        using var import = new NginxText("""
            server { listen 80 default_server; server_name _; location /api/ { proxy_pass http://127.0.0.1:1; } }
            server { listen 80; server_name a.example; location / { proxy_pass http://127.0.0.1:2; } }
            server { listen 80; server_name b.example; location /only/ { proxy_pass http://127.0.0.1:3; } }
            """);

        Assert.Empty(import.Errors);
        Assert.Empty(import.Configuration.AllowedHosts);
        var routes = import.Configuration.Routes.ToDictionary(r => r.RouteId);
        Assert.True(routes["default-api"].Order > (routes["a.example"].Order ?? 0));
        Assert.Equal("404", routes["b.example-nothing-else"].Metadata!["Status"]);
    }

    [Fact]
    public void ADefaultServerThatRefusesBecomesAllowedHosts()
    {
        using var import = new NginxText($"server {{ listen 80 default_server; return 444; }} server {{ listen 80; server_name a.example *.b.example .c.example; {Proxy} }}");

        Assert.Equal(["a.example", "*.b.example", "c.example", "*.c.example"], import.Configuration.AllowedHosts);
    }

    [Theory]
    [InlineData("return 301 https://b.example$request_uri;", "301", "https://b.example{uri}")]
    [InlineData("return 302 /login;", "302", "/login")]
    [InlineData("return https://b.example/;", "302", "https://b.example/")]
    [InlineData("rewrite ^/old/(.*)$ /new/$1 permanent;", "301", "/new/{rest}{query}")]
    [InlineData("rewrite ^ https://b.example$request_uri? permanent;", "301", "https://b.example{uri}")]
    [InlineData("rewrite ^(.*)$ https://b.example$1 redirect;", "302", "https://b.example{path}{query}")]
    [InlineData("rewrite ^/(.*)$ https://b.example/$1 permanent;", "301", "https://b.example{path}{query}")]
    public void RedirectsAreRoutesThatAnswer(string directive, string status, string target)
    {
        using var import = NginxText.Server(directive);

        Assert.Empty(import.Errors);
        var route = Assert.Single(import.Configuration.Routes);
        Assert.Equal((status, target), (route.Metadata!["Status"], route.Metadata["Redirect"]));
    }

    [Fact]
    public void RegularExpressionsComeBeforePrefixesAndAfterExactOnes()
    {
        using var import = NginxText.Server("""
            location / { proxy_pass http://127.0.0.1:1; }
            location ~ ^/a { proxy_pass http://127.0.0.1:2; }
            location ~ ^/ab { proxy_pass http://127.0.0.1:3; }
            location = /a { proxy_pass http://127.0.0.1:4; }
            location ^~ /abc/ { proxy_pass http://127.0.0.1:5; }
            """);

        Assert.Equal(["a-2", "abc", "a", "ab", "web"], import.Configuration.Routes.OrderBy(r => r.Order ?? 0).ThenBy(r => r.Match.Path!.Length).Select(r => r.RouteId));
        Assert.Equal([0, 0, 1, 2, 3], import.Configuration.Routes.Select(r => r.Order ?? 0).Order());
    }

    [Theory]
    [InlineData("try_files $uri $uri/ /index.html;", "index.html")]
    [InlineData("try_files $uri =404;", null)]
    [InlineData("", null)]
    public void AFrontEndIsServedFromItsFolder(string tryFiles, string? fallback)
    {
        using var import = NginxText.Server($"root /srv/app; location /api/ {{ proxy_pass http://127.0.0.1:1; }} location / {{ {tryFiles} }}");

        Assert.Empty(import.Errors);
        Assert.Equal(("/srv/app", fallback), (import.Configuration.Gateway.StaticFiles!.Root, import.Configuration.Gateway.StaticFiles.Fallback));
        Assert.Equal(["api"], import.Configuration.Routes.Select(r => r.RouteId));
    }
}
