namespace Gateway.Tests.Import.Nginx;

public sealed class ProxyPassTests
{
    [Theory]
    [InlineData("/api/", "http://127.0.0.1:1", "")]
    [InlineData("/api/", "http://127.0.0.1:1/", "PathRemovePrefix=/api")]
    [InlineData("/api/", "http://127.0.0.1:1/v1/", "PathRemovePrefix=/api PathPrefix=/v1")]
    [InlineData("/api", "http://127.0.0.1:1/v1", "PathRemovePrefix=/api PathPrefix=/v1")]
    [InlineData("/", "http://127.0.0.1:1/app/", "PathPrefix=/app")]
    [InlineData("/", "http://127.0.0.1:1/", "")]
    [InlineData("= /health", "http://127.0.0.1:1/internal/health", "PathSet=/internal/health")]
    [InlineData("^~ /a/", "http://127.0.0.1:1/b/", "PathRemovePrefix=/a PathPrefix=/b")]
    public void ThePathOfAnAddressReplacesThatOfTheLocation(string location, string address, string transforms)
    {
        using var import = NginxText.Server($"location {location} {{ proxy_pass {address}; proxy_set_header Host $http_host; }}");

        Assert.Empty(import.Errors);
        var route = Assert.Single(import.Configuration.Routes);
        Assert.Equal(transforms, string.Join(' ', (route.Transforms ?? []).SelectMany(t => t).Select(t => $"{t.Key}={t.Value}")));
        Assert.Equal("http://127.0.0.1:1", Assert.Single(import.Configuration.Clusters).Destinations!["one"].Address);
    }

    [Fact]
    public void ASlashThatIsMissingOnOneSideIsSaid()
    {
        using var import = NginxText.Server("location /api/ { proxy_pass http://127.0.0.1:1/v1; }");

        Assert.Contains("/api/x reaches the service as /v1/x; nginx sends /v1x", import.Of("proxy_pass"), StringComparison.Ordinal);
    }

    [Fact]
    public void WithoutAHostHeaderTheServiceGetsItsOwnAddress()
    {
        using var import = new NginxText("upstream app { server 127.0.0.1:1; } server { listen 8080 default_server; location / { proxy_pass http://app; } }");

        Assert.Equal(["RequestHeaderOriginalHost=False", "RequestHeader=Host", "Set=app"],
            Assert.Single(import.Configuration.Routes).Transforms!.SelectMany(t => t).Select(t => $"{t.Key}={t.Value}"));
    }

    [Fact]
    public void WebSocketsAreAllowedWhereUpgradeIsPassedOn()
    {
        using var import = NginxText.Server("""
            location /ws/ { proxy_pass http://127.0.0.1:1; proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection "upgrade"; }
            location / { proxy_pass http://127.0.0.1:1; }
            """);

        Assert.Equal(["ws"], import.Configuration.Routes.Where(r => r.Metadata?.GetValueOrDefault("WebSockets") == "true").Select(r => r.RouteId));
    }

    [Fact]
    public void WeightsBecomeDestinations()
    {
        using var import = new NginxText("""
            upstream app { server a:1 weight=4; server b weight=2; server c:3 backup; server d:4 down; keepalive 16; }
            server { listen 8080 default_server; location / { proxy_pass http://app; } }
            """);

        Assert.Equal(["http://a:1", "http://a:1", "http://b:80"], Assert.Single(import.Configuration.Clusters).Destinations!.OrderBy(d => d.Key).Select(d => d.Value.Address));
        Assert.StartsWith("not supported: left out: a cluster has no spare destinations", import.Of("server c:3"), StringComparison.Ordinal);
        Assert.Equal("kept: left out, as it is down", import.Of("server d:4"));
    }

    [Fact]
    public void AUnixSocketIsReportedWithWhatToDo()
    {
        using var import = NginxText.Server("location / { proxy_pass http://unix:/run/gunicorn.sock; }");

        Assert.Empty(import.Errors);
        Assert.Empty(import.Configuration.Routes);
        Assert.Contains("gunicorn --bind 127.0.0.1:8000", import.Of("proxy_pass"), StringComparison.Ordinal);
    }

    [Fact]
    public void AFixedVariableIsWrittenOut()
    {
        using var import = NginxText.Server("set $up http://127.0.0.1:7; location / { proxy_pass $up; }");

        Assert.Equal("http://127.0.0.1:7", Assert.Single(import.Configuration.Clusters).Destinations!["one"].Address);
    }
}
