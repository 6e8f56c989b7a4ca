using Gateway.Configuration;

namespace Gateway.Tests.Configuration;

public sealed class AcmeOptionsTests
{
    private const string Endpoints = """ "Kestrel": { "Endpoints": { "https": { "Url": "https://*:443" }, "http": { "Url": "http://*:80" } } } """;

    [Theory]
    [InlineData("""{ }""")]
    [InlineData("""{ "LettuceEncrypt": { "DomainNames": [] } }""")]
    [InlineData("""{ "LettuceEncrypt": { "DomainNames": [ "localhost", "LocalHost" ] } }""")]
    [InlineData("""{ "LettuceEncrypt": { "EmailAddress": "a@example.com", "AcceptTermsOfService": true } }""")]
    public void AreOffWithoutNamesOrWithLocalhostAlone(string json) => Assert.Null(Read(json));

    // https://github.com/natemcmaster/LettuceEncrypt, README; https://learn.microsoft.com/aspnet/core/fundamentals/servers/yarp/lets-encrypt
    [Fact]
    public void ReadsThePublishedSamples()
    {
        var lettuce = Read("""
            {
              "LettuceEncrypt": {
                // Set this to automatically accept the terms of service of your certificate authority.
                "AcceptTermsOfService": true,
                "DomainNames": [ "example.com", "www.example.com" ],
                "EmailAddress": "it-admin@example.com"
              }
            }
            """)!;
        Assert.Equal(["example.com", "www.example.com"], lettuce.DomainNames);
        Assert.Equal("it-admin@example.com", lettuce.EmailAddress);
        Assert.Equal(AcmeIssuerOptions.LetsEncrypt, Assert.Single(lettuce.Issuers).DirectoryUrl);
        Assert.Equal(AcmeIssuerOptions.LetsEncryptStaging, lettuce.Issuers[0].StagingUrl);

        var yarp = Read("""
            {
              "Kestrel": { "Endpoints": { "http": { "Url": "http://*:80" }, "https": { "Url": "https://*:443" } } },
              "ReverseProxy": {
                "Routes": { "route1": { "ClusterId": "cluster1", "Match": { "Path": "{**catch-all}" } } },
                "Clusters": { "cluster1": { "Destinations": { "cluster1/destination1": { "Address": "https://example.com/" } } } }
              },
              "LettuceEncrypt": { "AcceptTermsOfService": true, "DomainNames": [ "example.com" ], "EmailAddress": "it-admin@example.com" }
            }
            """)!;
        Assert.Equal(["example.com"], yarp.DomainNames);
        Assert.Equal([AcmeChallengeType.Http01, AcmeChallengeType.TlsAlpn01], yarp.ChallengeTypes);
    }

    [Theory]
    [InlineData("", "Development", true)]
    [InlineData("", "Production", false)]
    [InlineData("", null, false)]
    [InlineData(""" "UseStagingServer": false, """, "Development", false)]
    [InlineData(""" "UseStagingServer": true, """, null, true)]
    public void ADeveloperWhoDoesNotSayGetsTheStagingServer(string member, string? environment, bool staging)
    {
        (string, string)[] variables = environment is null ? [] : [("ASPNETCORE_ENVIRONMENT", environment)];
        var issuer = Assert.Single(Read($$"""{ "LettuceEncrypt": { {{member}} "AcceptTermsOfService": true, "DomainNames": [ "example.com" ] } }""", variables)!.Issuers);
        Assert.Equal(staging ? AcmeIssuerOptions.LetsEncryptStaging : AcmeIssuerOptions.LetsEncrypt, issuer.DirectoryUrl);
        Assert.Equal(staging, issuer.StagingUrl is null);
    }

    [Fact]
    public void ReadsEveryKey()
    {
        var options = Read($$"""
            {
              {{Endpoints}},
              "LettuceEncrypt": {
                "AcceptTermsOfService": true, "DomainNames": [ "WWW.example.com", "*.example.com", "192.0.2.1", "2001:db8:0::1" ],
                "AllowedChallengeTypes": "Dns01, TlsAlpn01", "RenewDaysInAdvance": "20.00:00:00", "RenewalCheckPeriod": "1.00:00:00", "KeyAlgorithm": "RS256", "KeySize": 4096,
                "EabCredentials": { "EabKeyId": "general", "EabKey": "a2V5", "EabKeyAlg": "HS384" }, "AdditionalIssuers": [ "pem" ]
              },
              "Gateway": { "Acme": {
                "DnsHook": "/bin/dns hook", "PreferredChain": "Root X", "Profile": "tlsserver", "OnRenewed": "/bin/renewed", "PfxPassword": " p ",
                "Issuers": [
                  { "DirectoryUrl": "https://ca.example/acme", "StagingUrl": "https://staging.ca.example/acme", "EabCredentials": { "EabKeyId": "own", "EabKey": "a2V5" }, "TrustedRoots": [ "root.pem" ] },
                  { "DirectoryUrl": "https://acme-v02.api.letsencrypt.org/directory" }
                ] } }
            }
            """)!;
        Assert.Equal(["www.example.com", "*.example.com", "192.0.2.1", "2001:db8::1"], options.DomainNames);
        Assert.Equal([AcmeChallengeType.TlsAlpn01, AcmeChallengeType.Dns01], options.ChallengeTypes);
        Assert.Equal([AcmeChallengeType.Dns01], options.ChallengeTypesFor("*.example.com"));
        Assert.Equal([AcmeChallengeType.TlsAlpn01], options.ChallengeTypesFor("192.0.2.1"));
        Assert.Equal(TimeSpan.FromDays(20), options.RenewDaysInAdvance);
        Assert.Equal(("RS256", 4096), (options.KeyAlgorithm, options.KeySize));
        Assert.Equal(("/bin/dns hook", "Root X", "tlsserver", "/bin/renewed"), (options.DnsHook, options.PreferredChain, options.Profile, options.OnRenewed));
        Assert.Equal(new EabCredentials("own", "a2V5", "HS256"), options.Issuers[0].EabCredentials);
        Assert.Equal(["root.pem"], options.Issuers[0].TrustedRoots);
        Assert.Equal(new Uri("https://staging.ca.example/acme"), options.Issuers[0].StagingUrl);
        Assert.Equal(AcmeIssuerOptions.LetsEncryptStaging, options.Issuers[1].StagingUrl);
        Assert.Equal((TimeSpan.FromDays(1), " p "), (options.RenewalCheckPeriod, options.PfxPassword));
        Assert.Equal(new EabCredentials("general", "a2V5", "HS384"), options.Issuers[1].EabCredentials);
    }

    [Theory]
    [InlineData("DirectoryUrl", "https://[ca.example/")]
    [InlineData("StagingUrl", "https://ca.example:port/")]
    public void AnAddressThatIsNoUrlIsAnError(string key, string url)
    {
        var issuer = key == "DirectoryUrl" ? $$"""{ "DirectoryUrl": "{{url}}" }""" : $$"""{ "DirectoryUrl": "https://ca.example/", "StagingUrl": "{{url}}" }""";
        var error = Assert.Single(ConfigurationText.Read($$"""{ "Gateway": { "Acme": { "Issuers": [{{issuer}}] } } }""").Errors);
        Assert.Equal(($"Gateway:Acme:Issuers:0:{key}", "is no URL"), (error.Path, error.Rule));
    }

    [Theory]
    [InlineData("not base64url!")]
    [InlineData("abcde")]
    [InlineData("==")]
    public void ABindingKeyThatIsNotBase64UrlIsAnErrorThatDoesNotShowIt(string key)
    {
        var general = Assert.Single(ConfigurationText.Read($$"""{ "LettuceEncrypt": { "EabCredentials": { "EabKeyId": "id", "EabKey": "{{key}}" } } }""").Errors);
        Assert.Equal(("LettuceEncrypt:EabCredentials:EabKey", null, "must be base64url"), (general.Path, general.Value, general.Rule));
        Assert.Contains("copy the HMAC key once more", general.Remedy);
        Assert.DoesNotContain(key, general.ToString());

        var own = Assert.Single(ConfigurationText.Read(
            $$"""{ "Gateway": { "Acme": { "Issuers": [{ "DirectoryUrl": "https://ca.example/", "EabCredentials": { "EabKeyId": "id", "EabKey": "{{key}}" } }] } } }""").Errors);
        Assert.Equal("Gateway:Acme:Issuers:0:EabCredentials:EabKey", own.Path);
    }

    [Theory]
    [InlineData("zWNDZM6eQGHWpSRTPal5eIUYFTu7EajVIoguysqZ9wG44nMEtx3MUAsUDkMTQ12W")]
    [InlineData("a+/b")]
    [InlineData("YQ==")]
    public void ABindingKeyIsTakenAsCasGiveItOut(string key) => Assert.Empty(ConfigurationText.Read(
        $$"""{ "LettuceEncrypt": { "EabCredentials": { "EabKeyId": "id", "EabKey": "{{key}}" } } }""").Errors);

    [Fact]
    public void ASecretDoesNotShowInTexts() => Assert.Equal("id", new EabCredentials("id", "secret", "HS256").ToString());

    [Theory]
    [InlineData("https://*:443", "https", "TlsAlpn01")]
    [InlineData("http://*:80", "http", "Http01")]
    public void OnlyTheChallengesArePossibleThatAnEndpointCanAnswer(string url, string name, string type)
    {
        var options = Read($$"""{ "Kestrel": { "Endpoints": { "{{name}}": { "Url": "{{url}}" } } }, "LettuceEncrypt": { "AcceptTermsOfService": true, "DomainNames": [ "example.com" ] } }""")!;
        Assert.Equal(type, Assert.Single(options.ChallengeTypes).ToString());
    }

    [Theory]
    [InlineData("""{ "Kestrel": { "Endpoints": { "a": { "Url": "http://unix:/run/a.sock" } } }, "LettuceEncrypt": { "AcceptTermsOfService": true, "DomainNames": [ "example.com" ] } }""", "http-01 needs an http endpoint such as http://*:80; tls-alpn-01 needs an https endpoint without Certificate and Sni of its own, such as https://*:443; dns-01 needs Gateway:Acme:DnsHook")]
    [InlineData("""{ "Kestrel": { "Endpoints": { "a": { "Url": "https://*:443" } } }, "LettuceEncrypt": { "AcceptTermsOfService": true, "DomainNames": [ "example.com" ], "AllowedChallengeTypes": "Http01" } }""", "http-01 needs an http endpoint such as http://*:80")]
    public void SaysWhatIsMissingWhenNoNameCouldBeProved(string json, string remedy)
    {
        var error = Assert.Single(ConfigurationText.Read(json).Errors);
        Assert.Equal(("there is no way to prove the names to the CA", remedy), (error.Rule, error.Remedy));
    }

    [Theory]
    [InlineData("*.example.com", "Http01, TlsAlpn01", "wildcard names can only be proved by dns-01: add Dns01 to LettuceEncrypt:AllowedChallengeTypes")]
    [InlineData("192.0.2.1", "Dns01", "addresses can only be proved by http-01 and tls-alpn-01: add an endpoint for one of them, and allow it in LettuceEncrypt:AllowedChallengeTypes")]
    public void SaysWhatIsMissingWhenOneNameCouldNotBeProved(string name, string allowed, string remedy)
    {
        var error = Assert.Single(ConfigurationText.Read($$"""
            { {{Endpoints}}, "LettuceEncrypt": { "AcceptTermsOfService": true, "DomainNames": [ "{{name}}" ], "AllowedChallengeTypes": "{{allowed}}" }, "Gateway": { "Acme": { "DnsHook": "/bin/dns" } } }
            """).Errors);
        Assert.Equal(("LettuceEncrypt:DomainNames:0", "there is no way to prove it to the CA", remedy), (error.Path, error.Rule, error.Remedy));
    }

    private static AcmeOptions? Read(string json, params (string Name, string Value)[] environment)
    {
        var result = ConfigurationText.Read(json, environment);
        Assert.Empty(result.Errors);
        return result.Configuration.Acme;
    }
}
