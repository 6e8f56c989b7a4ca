using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Gateway.Configuration;
using Gateway.Tests.Certificates;
using Microsoft.AspNetCore.Http;

namespace Gateway.Tests.Boundary.Access;

/// <summary>Good tokens, and the known ways to make bad ones look good.</summary>
public sealed class JwtTests : IDisposable
{
    private readonly TestFolder _folder = new();
    private readonly TestIssuer _issuer = new();

    public JwtTests() => File.WriteAllText(_folder["jwks.json"], TestIssuer.Set(_issuer.RsaKey, _issuer.EcKey));

    private AccessPolicy Policy => new("staff") { Jwt = new JwtOptions(TestIssuer.Name, TestIssuer.Audience, _folder["jwks.json"], null), Query = "token" };

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        _issuer.Dispose();
        _folder.Dispose();
    }

    [Theory]
    [InlineData("RS256")]
    [InlineData("RS384")]
    [InlineData("RS512")]
    [InlineData("PS256")]
    [InlineData("PS512")]
    [InlineData("ES256")]
    public async Task ATokenOfTheIssuerIsTakenAndGoesOn(string algorithm)
    {
        await using var service = await GuardedService.StartAsync(Policy);
        var token = algorithm == "ES256" ? _issuer.SignEc(TestIssuer.Claims()) : _issuer.SignRsa(TestIssuer.Claims(), algorithm);

        using var response = await service.SendAsync("/", ("Authorization", "Bearer " + token));

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        var received = Assert.Single(service.Received).Headers;
        Assert.Equal(("alice", "Jwt", "Bearer " + token), (received["X-Authenticated-User"], received["X-Authenticated-By"], received["Authorization"]));
    }

    [Fact]
    public async Task ATokenInTheQueryReachesTheServiceAsAHeader()
    {
        await using var service = await GuardedService.StartAsync(Policy);
        var token = _issuer.SignRsa(TestIssuer.Claims());

        using var response = await service.SendAsync("/a?token=" + token);

        var received = Assert.Single(service.Received);
        Assert.Equal(("/a", "Bearer " + token), (received.Target, received.Headers["Authorization"]));
        await service.Gateway.Log.WaitForAsync(line => line.Properties.ContainsKey("StatusCode"), Cancellation);
        Assert.DoesNotContain(service.Gateway.Log.All, line => line.Message.Contains(token, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("without a kid")]
    [InlineData("several audiences")]
    [InlineData("no sub")]
    [InlineData("no nbf")]
    [InlineData("expired 20 s ago")]
    [InlineData("an embedded key that is not looked at")]
    public async Task WhatMayVaryMayVary(string variant)
    {
        var (claims, now) = (TestIssuer.Claims(), TimeProvider.System.GetUtcNow().ToUnixTimeSeconds());
        var header = TestIssuer.Header("RS256", "rsa");
        switch (variant)
        {
            case "without a kid": header.Remove("kid"); break;
            case "several audiences": claims["aud"] = new JsonArray("other", TestIssuer.Audience); break;
            case "no sub": claims.Remove("sub"); break;
            case "no nbf": claims.Remove("nbf"); break;
            case "expired 20 s ago": claims["exp"] = now - 20; break;
            default: header["jwk"] = new TestIssuer().RsaKey; break;
        }

        await using var service = await GuardedService.StartAsync(Policy);
        using var response = await service.SendAsync("/", ("Authorization", "Bearer " + TestIssuer.Sign(header, claims, Sign)));

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
    }

    [Theory]
    [InlineData("nothing")]
    [InlineData("alg none")]
    [InlineData("alg None with a signature")]
    [InlineData("no alg")]
    [InlineData("HS256 with the public key's PEM")]
    [InlineData("HS256 with the public key's DER")]
    [InlineData("HS256 with the modulus")]
    [InlineData("HS256 with nothing")]
    [InlineData("another issuer")]
    [InlineData("no issuer")]
    [InlineData("issuer in another case")]
    [InlineData("issuer without its slash")]
    [InlineData("another audience")]
    [InlineData("audience with a slash")]
    [InlineData("no audience")]
    [InlineData("expired")]
    [InlineData("no expiry")]
    [InlineData("expiry as text")]
    [InlineData("not valid yet")]
    [InlineData("a foreign key under a known kid")]
    [InlineData("an unknown kid")]
    [InlineData("a kid that is a path")]
    [InlineData("a kid that is a query")]
    [InlineData("a kid that is no text")]
    [InlineData("the kid of the other key")]
    [InlineData("its own key in jwk")]
    [InlineData("its own key in jku")]
    [InlineData("its own certificate in x5c")]
    [InlineData("a critical extension")]
    [InlineData("unencoded payload")]
    [InlineData("truncated signature")]
    [InlineData("no signature")]
    [InlineData("changed claims")]
    [InlineData("changed header")]
    [InlineData("a fourth part")]
    [InlineData("five parts")]
    [InlineData("an ECDSA signature of zeros")]
    [InlineData("an ECDSA signature in DER")]
    [InlineData("huge")]
    [InlineData("deeply nested")]
    [InlineData("no JSON")]
    [InlineData("an array")]
    [InlineData("claims twice")]
    [InlineData("dots")]
    public async Task NoOtherTokenIsTaken(string attack)
    {
        await using var service = await GuardedService.StartAsync(Policy);

        using var response = await service.SendAsync("/", ("Authorization", "Bearer " + Forge(attack)));

        Assert.Equal(HttpStatusCode.Unauthorized, response.StatusCode);
        Assert.Empty(service.Received);
        Assert.Equal("Bearer realm=\"gateway\", error=\"invalid_token\"", response.Headers.WwwAuthenticate.ToString());
        Assert.DoesNotContain(service.Gateway.Log.All, line => line.Exception is not null);
    }

    private byte[] Sign(byte[] data) => _issuer.Rsa.SignData(data, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);

    private string Forge(string attack)
    {
        using var stranger = new TestIssuer();
        var (claims, now) = (TestIssuer.Claims(), TimeProvider.System.GetUtcNow().ToUnixTimeSeconds());
        var good = _issuer.SignRsa(TestIssuer.Claims());
        var parts = good.Split('.');
        byte[] SignAsStranger(byte[] data) => stranger.Rsa.SignData(data, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        string With(string name, JsonNode? value)
        {
            claims[name] = value;
            return _issuer.SignRsa(claims);
        }

        string Without(string name)
        {
            claims.Remove(name);
            return _issuer.SignRsa(claims);
        }

        string WithHeader(string name, JsonNode? value, Func<byte[], byte[]> sign)
        {
            var header = TestIssuer.Header("RS256", "rsa");
            header[name] = value;
            return TestIssuer.Sign(header, claims, sign);
        }

        string Hmac(byte[] secret, string? keyId = "rsa") => TestIssuer.Sign(TestIssuer.Header("HS256", keyId), claims, data => HMACSHA256.HashData(secret, data));

        return attack switch
        {
            "nothing" => "..",
            "alg none" => TestIssuer.Sign(TestIssuer.Header("none", "rsa"), claims, _ => []),
            "alg None with a signature" => TestIssuer.Sign(TestIssuer.Header("None", "rsa"), claims, Sign),
            "no alg" => TestIssuer.Sign(new JsonObject { ["kid"] = "rsa" }, claims, Sign),
            "HS256 with the public key's PEM" => Hmac(Encoding.ASCII.GetBytes(_issuer.Rsa.ExportSubjectPublicKeyInfoPem())),
            "HS256 with the public key's DER" => Hmac(_issuer.Rsa.ExportSubjectPublicKeyInfo(), null),
            "HS256 with the modulus" => Hmac(_issuer.Rsa.ExportParameters(false).Modulus!),
            "HS256 with nothing" => Hmac([]),
            "another issuer" => With("iss", "https://evil.example.com/"),
            "no issuer" => Without("iss"),
            "issuer in another case" => With("iss", TestIssuer.Name.ToUpperInvariant()),
            "issuer without its slash" => With("iss", TestIssuer.Name.TrimEnd('/')),
            "another audience" => With("aud", "mail"),
            "audience with a slash" => With("aud", TestIssuer.Audience + "/"),
            "no audience" => Without("aud"),
            "expired" => With("exp", now - 60),
            "no expiry" => Without("exp"),
            "expiry as text" => With("exp", "never"),
            "not valid yet" => With("nbf", now + 120),
            "a foreign key under a known kid" => TestIssuer.Sign(TestIssuer.Header("RS256", "rsa"), claims, SignAsStranger),
            "an unknown kid" => _issuer.SignRsa(claims, keyId: "other"),
            "a kid that is a path" => _issuer.SignRsa(claims, keyId: "../../../../dev/null"),
            "a kid that is a query" => _issuer.SignRsa(claims, keyId: "rsa' OR '1'='1"),
            "a kid that is no text" => WithHeader("kid", new JsonArray("rsa"), Sign),
            "the kid of the other key" => _issuer.SignRsa(claims, keyId: "ec"),
            "its own key in jwk" => WithHeader("jwk", stranger.RsaKey, SignAsStranger),
            "its own key in jku" => WithHeader("jku", "http://127.0.0.1:9/jwks.json", SignAsStranger),
            "its own certificate in x5c" => WithHeader("x5c", new JsonArray(Convert.ToBase64String(SelfSigned(stranger.Rsa))), SignAsStranger),
            "a critical extension" => WithHeader("crit", new JsonArray("exp"), Sign),
            "unencoded payload" => TestIssuer.Sign(new JsonObject { ["alg"] = "RS256", ["kid"] = "rsa", ["b64"] = false, ["crit"] = new JsonArray("b64") }, claims, Sign),
            "truncated signature" => good[..^10],
            "no signature" => $"{parts[0]}.{parts[1]}.",
            "changed claims" => $"{parts[0]}.{_issuer.SignRsa(new JsonObject { ["iss"] = TestIssuer.Name, ["aud"] = TestIssuer.Audience, ["sub"] = "admin", ["exp"] = now + 3600 }).Split('.')[1]}.{parts[2]}",
            "changed header" => $"{_issuer.SignRsa(claims, keyId: null).Split('.')[0]}.{parts[1]}.{parts[2]}",
            "a fourth part" => good + ".x",
            "five parts" => good + ".x.y",
            "an ECDSA signature of zeros" => TestIssuer.Sign(TestIssuer.Header("ES256", "ec"), claims, _ => new byte[64]), // CVE-2022-21449
            "an ECDSA signature in DER" => TestIssuer.Sign(TestIssuer.Header("ES256", "ec"), claims, data => _issuer.Ec.SignData(data, HashAlgorithmName.SHA256, DSASignatureFormat.Rfc3279DerSequence)),
            "huge" => With("padding", new string('x', 17_000)),
            "deeply nested" => $"{parts[0]}.{System.Buffers.Text.Base64Url.EncodeToString(Encoding.ASCII.GetBytes(new string('[', 5000)))}.{parts[2]}",
            "no JSON" => "eHh4.eHh4.eHh4",
            "an array" => $"W10.W10.{parts[2]}",
            "claims twice" => TwiceSigned(),
            _ => new string('.', 100),
        };

        string TwiceSigned()
        {
            // The later one counts, as with every parser that the libraries use; here it is the wrong one.
            var json = claims.ToJsonString()[..^1] + ",\"aud\":\"mail\"}";
            var signed = parts[0] + "." + System.Buffers.Text.Base64Url.EncodeToString(Encoding.UTF8.GetBytes(json));
            return signed + "." + System.Buffers.Text.Base64Url.EncodeToString(Sign(Encoding.ASCII.GetBytes(signed)));
        }
    }

    private static byte[] SelfSigned(RSA key)
    {
        var request = new System.Security.Cryptography.X509Certificates.CertificateRequest("CN=x", key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        using var certificate = request.CreateSelfSigned(TimeProvider.System.GetUtcNow().AddDays(-1), TimeProvider.System.GetUtcNow().AddDays(1));
        return certificate.RawData;
    }

    [Fact]
    public async Task WithoutAnyKeysThereIs503AndNoGuess()
    {
        File.Delete(_folder["jwks.json"]);
        await using var service = await GuardedService.StartAsync(Policy);

        using var response = await service.SendAsync("/", ("Authorization", "Bearer " + _issuer.SignRsa(TestIssuer.Claims())));

        Assert.Equal(HttpStatusCode.ServiceUnavailable, response.StatusCode);
        Assert.Empty(service.Received);
        Assert.Contains(service.Gateway.Log.All, line => line.Message.Contains("its tokens get 503", StringComparison.Ordinal));
    }
}
