using Gateway.Configuration;
using static Gateway.Tests.Configuration.ConfigurationText;

namespace Gateway.Tests.Configuration;

public sealed class SectionTests
{
    [Fact]
    public void TheGatewaySectionHasTheDocumentedDefaults()
    {
        var gateway = Read("{}").Configuration.Gateway;
        Assert.Null(gateway.StateDirectory);
        Assert.True(gateway.HttpsRedirect);
        Assert.Equal(104857600, gateway.MaxRequestBodySize);
        Assert.Equal(TimeSpan.FromMinutes(5), gateway.RequestTimeout);
        Assert.Null(gateway.WebSocketIdleTimeout);
        Assert.Empty(gateway.TrustedProxies);
    }

    [Fact]
    public void TheGatewaySectionIsRead()
    {
        var result = Read(
            """
            { "Gateway": { "StateDirectory": "/s", "HttpsRedirect": false, "Limits": { "MaxRequestBodySize": 7 }, "Timeouts": { "Request": "1.02:03:04" },
              "WebSockets": { "IdleTimeout": "00:10:00" }, "TrustedProxies": [ "10.0.0.0/8", "::1" ] } }
            """);
        Assert.Empty(result.Errors);
        var gateway = result.Configuration.Gateway;
        Assert.Equal("/s", gateway.StateDirectory);
        Assert.False(gateway.HttpsRedirect);
        Assert.Equal(7, gateway.MaxRequestBodySize);
        Assert.Equal(new TimeSpan(1, 2, 3, 4), gateway.RequestTimeout);
        Assert.Equal(TimeSpan.FromMinutes(10), gateway.WebSocketIdleTimeout);
        Assert.Equal(["10.0.0.0/8", "::1/128"], gateway.TrustedProxies.Select(network => network.ToString()));
    }

    [Theory]
    [InlineData("None")]
    [InlineData("none")]
    public void WebSocketsMayBeSilentWithoutLimit(string value)
    {
        var result = Read($"{{ \"Gateway\": {{ \"WebSockets\": {{ \"IdleTimeout\": \"{value}\" }} }} }}");
        Assert.Empty(result.Errors);
        Assert.Null(result.Configuration.Gateway.WebSocketIdleTimeout);
    }

    [Theory]
    [InlineData("10.0.0.1/8", "'10.0.0.1/8': is an address within a range; write 10.0.0.1 or 10.0.0.0/8")]
    [InlineData("10.0.0.0/33", "'10.0.0.0/33': is no CIDR range; after the slash stands a number from 0 to 32")]
    [InlineData("::/x", "'::/x': is no CIDR range; after the slash stands a number from 0 to 128")]
    [InlineData("proxy.internal", "'proxy.internal': must be an IP address or a CIDR range; for example 10.0.0.5 or 10.0.0.0/8")]
    [InlineData("10", "'10': must be an IP address or a CIDR range; for example 10.0.0.5 or 10.0.0.0/8")]
    public void ATrustedProxyIsAnAddressOrARange(string entry, string error) => Assert.Equal(
        "gateway.json(1,36): Gateway:TrustedProxies:0: " + error, Error($"{{ \"Gateway\": {{ \"TrustedProxies\": [ \"{entry}\" ] }} }}"));

    [Theory]
    [InlineData("\"a.com; *.b.com;\"", "a.com|*.b.com")]
    [InlineData("[ \"a.com\", \"[::1]\", \"10.0.0.1\", \"点心.cn\" ]", "a.com|[::1]|10.0.0.1|点心.cn")]
    [InlineData("\"*\"", "*")]
    public void AllowedHostsAreTextOrAList(string value, string hosts)
    {
        var result = Read($"{{ \"AllowedHosts\": {value} }}");
        Assert.Empty(result.Errors);
        Assert.Equal(hosts.Split('|'), result.Configuration.AllowedHosts);
    }

    [Theory]
    [InlineData("https://a.com")]
    [InlineData("a.com:443")]
    [InlineData("a..com")]
    [InlineData("a.com/x")]
    [InlineData("*a.com")]
    [InlineData("[::1")]
    public void AnAllowedHostIsABareName(string host) => Assert.Equal(
        $"gateway.json(1,3): AllowedHosts: '{host}': must be a host name, *.domain, an IP address or *, without scheme, port and path; for example example.com;*.example.com",
        Error($"{{ \"AllowedHosts\": \"b.com;{host}\" }}"));

    [Fact]
    public void CertificateFilesComeFromTheListTheEnvironmentAndKestrelsDefault()
    {
        var result = Read(
            """
            { "Gateway": { "Certificates": [ { "Path": "a.pem", "KeyPath": "a.key" }, { "Path": "b.pfx", "Password": "p" } ] },
              "Kestrel": { "Certificates": { "Default": { "Path": "d.pem" } } } }
            """,
            ("SSL_CERT_PATH", "e.pem"),
            ("SSL_KEY_PATH", "e.key"));
        Assert.Empty(result.Errors);
        var file = result.Configuration.FilePath;
        Assert.Equal(
            [
                new CertificateFileOptions("a.pem", "a.key", null, file + "(1,36)", "Gateway:Certificates:0"),
                new CertificateFileOptions("b.pfx", null, "p", file + "(1,77)", "Gateway:Certificates:1"),
                new CertificateFileOptions("e.pem", "e.key", null, "environment variable SSL_CERT_PATH", "SSL_CERT_PATH"),
                new CertificateFileOptions("d.pem", null, null, file + "(2,47)", "Kestrel:Certificates:Default"),
            ],
            result.Configuration.Certificates);
        Assert.DoesNotContain("Password", result.Configuration.Certificates[1].ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("\"DomainNames\": [ \"a.com\" ]", "gateway.json(1,3): LettuceEncrypt: has no 'AcceptTermsOfService'; read the CA's terms of service and add \"AcceptTermsOfService\": true")]
    [InlineData("\"DomainNames\": [ \"a.com\" ], \"AcceptTermsOfService\": false", "gateway.json(1,51): LettuceEncrypt:AcceptTermsOfService: 'False': no certificate without it; read the CA's terms of service and set it to true")]
    [InlineData("\"DomainNames\": [ \"https://a.com\" ], \"AcceptTermsOfService\": true", "gateway.json(1,40): LettuceEncrypt:DomainNames:0: 'https://a.com': must be a domain name, *.domain or an IP address, without scheme, port and path; for example example.com")]
    [InlineData("\"DomainNames\": [ \"*.a.com\" ], \"AcceptTermsOfService\": true", "gateway.json(1,40): LettuceEncrypt:DomainNames:0: '*.a.com': wildcard names can only be proved by dns-01; set Gateway:Acme:DnsHook to the command that writes DNS records")]
    [InlineData("\"AllowedChallengeTypes\": \"Http02\"", "gateway.json(1,23): LettuceEncrypt:AllowedChallengeTypes: 'Http02': must be Any, or some of Http01, TlsAlpn01, Dns01 separated by ','")]
    [InlineData("\"KeyAlgorithm\": \"ES512\"", "gateway.json(1,23): LettuceEncrypt:KeyAlgorithm: 'ES512': must be ES256, ES384 or RS256")]
    [InlineData("\"EabCredentials\": { \"EabKeyId\": \"a\" }", "gateway.json(1,23): LettuceEncrypt:EabCredentials: has no 'EabKey'; add \"EabKey\"")]
    public void AutomaticCertificatesNeedConsentAndNames(string members, string error) => Assert.Equal(error, Error($"{{ \"LettuceEncrypt\": {{ {members} }} }}"));

    [Theory]
    [InlineData("""{ "LettuceEncrypt": { "AcceptTermsOfService": true, "DomainNames": [ "example.com", "www.example.com" ], "EmailAddress": "it-admin@example.com" } }""")]
    [InlineData("""{ "LettuceEncrypt": { "AcceptTermsOfService": true, "DomainNames": [ "example.com" ], "EmailAddress": "a@example.com", "UseStagingServer": true, "AllowedChallengeTypes": "Http01, TlsAlpn01", "RenewDaysInAdvance": "30.00:00:00", "RenewalCheckPeriod": "1.00:00:00", "KeyAlgorithm": "ES256", "EabCredentials": { "EabKeyId": "a", "EabKey": "a2V5", "EabKeyAlg": "HS256" } } }""")]
    [InlineData("""{ "Serilog": { "Using": [ "Serilog.Sinks.Console", "Serilog.Sinks.File" ], "MinimumLevel": "Debug", "WriteTo": [ { "Name": "Console" }, { "Name": "File", "Args": { "path": "Logs/log.txt" } } ], "Enrich": [ "FromLogContext", "WithMachineName", "WithThreadId" ], "Destructure": [ { "Name": "ToMaximumDepth", "Args": { "maximumDestructuringDepth": 4 } } ], "Properties": { "Application": "Sample" } } }""")]
    [InlineData("""{ "Serilog": { "MinimumLevel": { "Default": "Information", "Override": { "Microsoft": "Warning", "MyApp.Something.Tricky": "Verbose" } }, "LevelSwitches": { "controlSwitch": "Verbose" }, "WriteTo:Async": { "Name": "Async", "Args": { "configure": [ { "Name": "Console" } ] } } } }""")]
    public void TheLibrariesPublishedSamplesAreValid(string json) => Assert.Empty(Errors(json));

    [Fact]
    public void LocateNamesTheKeyOrItsNearestAncestor()
    {
        var result = Read("{\n \"Gateway\": {\n  \"Limits\": {} } }", ("GATEWAY_GATEWAY__TIMEOUTS__REQUEST", "00:01:00"));
        var configuration = result.Configuration;
        Assert.Equal(configuration.FilePath + "(3,3)", configuration.Locate("gateway:limits"));
        Assert.Equal(configuration.FilePath + "(3,3)", configuration.Locate("Gateway:Limits:MaxRequestBodySize"));
        Assert.Equal("environment variable GATEWAY_GATEWAY__TIMEOUTS__REQUEST", configuration.Locate("Gateway:Timeouts:Request"));
        Assert.Equal(configuration.FilePath, configuration.Locate("Kestrel:Endpoints"));
    }
}
