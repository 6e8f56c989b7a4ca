using Gateway.Configuration;
using static Gateway.Tests.Configuration.ConfigurationText;

namespace Gateway.Tests.Configuration;

public sealed class EndpointTests
{
    private static string With(params string[] endpoints) =>
        "{ \"Kestrel\": { \"Endpoints\": {\n" + string.Join(",\n", endpoints.Select((e, i) => $"\"{(char)('a' + i)}\": {{ {e} }}")) + " } } }";

    private static string Url(string url) => $"\"Url\": \"{url}\"";

    [Theory]
    [InlineData("*:443", "'*:443': must be scheme, address and port; for example https://*:443")]
    [InlineData("wss://*:443", "'wss://*:443': must be scheme, address and port; for example https://*:443")]
    [InlineData("http://*:80x", "'http://*:80x': '*:80x' is neither an IP address nor localhost; write * for all addresses; which host names are served is said by AllowedHosts")]
    [InlineData("http://*:70000", "'http://*:70000': a port is a number from 1 to 65535; for example https://*:443")]
    [InlineData("http://*:80/api", "'http://*:80/api': an address to listen on has no path; paths belong in ReverseProxy:Routes:NAME:Match:Path")]
    [InlineData("https://example.com:443", "'https://example.com:443': 'example.com' is neither an IP address nor localhost; write * for all addresses; which host names are served is said by AllowedHosts")]
    [InlineData("http://locahost:80", "'http://locahost:80': 'locahost' is neither an IP address nor localhost; write * for all addresses; which host names are served is said by AllowedHosts")]
    [InlineData("http://localhost:0", "'http://localhost:0': localhost needs a port; for a port of the system's choice write 127.0.0.1:0")]
    [InlineData("http://[::1", "'http://[::1': '[:' is neither an IP address nor localhost; write * for all addresses; which host names are served is said by AllowedHosts")]
    public void AnAddressThatKestrelWouldMisunderstandIsAnError(string url, string error) =>
        Assert.Equal("gateway.json(2,8): Kestrel:Endpoints:a:Url: " + error, Error(With(Url(url))));

    [Theory]
    [InlineData("https://*:443", 443)]
    [InlineData("https://+", 443)]
    [InlineData("http://*:80/", 80)]
    [InlineData("http://127.0.0.1:0", 0)]
    [InlineData("HTTPS://[::1]:8443", 8443)]
    [InlineData("http://localhost:5080", 5080)]
    [InlineData("http://unix:/run/gateway.sock", 0)]
    public void AddressesAreReadAsKestrelReadsThem(string url, int port)
    {
        var result = Read(With(Url(url)));
        Assert.Empty(result.Errors);
        var endpoint = Assert.Single(result.Configuration.Endpoints);
        Assert.Equal(port, endpoint.Port);
        Assert.Equal(url.StartsWith("https", StringComparison.OrdinalIgnoreCase), endpoint.IsHttps);
        Assert.EndsWith("gateway.json(2,8)", endpoint.Location, StringComparison.Ordinal);
        Assert.False(endpoint.HasOwnCertificate);
    }

    [Theory]
    [InlineData("http://*:80", "http://127.0.0.1:80")]
    [InlineData("http://[::]:80", "http://0.0.0.0:80")]
    [InlineData("http://127.0.0.1:80", "https://0.0.0.0:80")]
    [InlineData("http://localhost:80", "http://[::1]:80")]
    [InlineData("http://10.0.0.1:80", "http://10.0.0.1:80")]
    public void APortUsedTwiceIsAnError(string first, string second) => Assert.Equal(
        $"gateway.json(3,8): Kestrel:Endpoints:b:Url: '{second}': port 80 is used by endpoint 'a' as well, in gateway.json(2,8); give one of the two another port or address",
        Error(With(Url(first), Url(second))));

    [Theory]
    [InlineData("http://127.0.0.1:80", "http://127.0.0.2:80")]
    [InlineData("http://*:80", "http://*:81")]
    [InlineData("http://127.0.0.1:80", "http://[::1]:80")]
    [InlineData("http://127.0.0.1:0", "http://127.0.0.1:0")]
    [InlineData("http://unix:/a", "http://unix:/b")]
    public void DifferentAddressesMayUseOnePort(string first, string second) => Assert.Empty(Errors(With(Url(first), Url(second))));

    [Fact]
    public void ASocketUsedTwiceIsAnError() => Assert.Contains(
        "this socket is used by endpoint 'a' as well", Error(With(Url("http://unix:/a"), Url("http://unix:/a"))), StringComparison.Ordinal);

    [Fact]
    public void AnEndpointNeedsAUrl() => Assert.Equal(
        "gateway.json(2,1): Kestrel:Endpoints:a: has no 'Url'; add it, for example \"Url\": \"https://*:443\"", Error(With("\"Protocols\": \"Http1\"")));

    [Fact]
    public void CertificatesAreForHttps() => Assert.Equal(
        "gateway.json(2,32): Kestrel:Endpoints:a:Certificate: is for https endpoints only; remove it, or write https:// in Kestrel:Endpoints:a:Url",
        Error(With(Url("http://*:80") + ",   \"Certificate\": { \"Path\": \"a.pfx\" }")));

    [Theory]
    [InlineData("{ \"Path\": \"a\", \"Subject\": \"b\" }", "gateway.json(2,30): Kestrel:Endpoints:a:Certificate: has both Path (a file) and Subject (the certificate store); keep one of the two")]
    [InlineData("{ \"KeyPath\": \"a\" }", "gateway.json(2,30): Kestrel:Endpoints:a:Certificate: has no 'Path'; add it, or Subject for a certificate from the certificate store")]
    public void AnEndpointsCertificateIsAFileOrInTheStore(string certificate, string error) =>
        Assert.Equal(error, Error(With(Url("https://*:1") + ", \"Certificate\": " + certificate)));

    [Fact]
    public void AnEndpointsOwnCertificatesAreListedApart()
    {
        var result = Read(With(
            Url("https://*:1") + ", \"Certificate\": { \"Path\": \"a.pem\", \"KeyPath\": \"a.key\" }, \"Sni\": { \"b.com\": { \"Certificate\": { \"Path\": \"b.pfx\", \"Password\": \"p\" } } }"));
        Assert.Empty(result.Errors);
        Assert.True(Assert.Single(result.Configuration.Endpoints).HasOwnCertificate);
        Assert.Empty(result.Configuration.Certificates);
        Assert.Equal(
            [("a.pem", "a.key", null, "Kestrel:Endpoints:a:Certificate"), ("b.pfx", null, "p", "Kestrel:Endpoints:a:Sni:b.com:Certificate")],
            result.Configuration.EndpointCertificates.Select(c => (c.Path, c.KeyPath, c.Password, c.ConfigurationPath)));
    }

    [Fact]
    public void NoEndpointIsNoErrorHere() => Assert.Empty(Read("{}") is { Errors: [] } result ? result.Configuration.Endpoints : [new EndpointOptions("", "", false, 0, "", false)]);
}
