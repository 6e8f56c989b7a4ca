using Gateway.Boundary.Access;
using Gateway.Configuration;
using static Gateway.Tests.Configuration.ConfigurationText;

namespace Gateway.Tests.Configuration;

public sealed class AccessTests
{
    private const string Route = "\"ClusterId\": \"c\", \"Match\": { \"Path\": \"/\" }";
    private const string Keys = "\"ApiKeys\": [{ \"Name\": \"a\", \"Hash\": \"sha256:0000000000000000000000000000000000000000000000000000000000000000\" }]";

    private static string WithPolicy(string policy, string name = "phone") => $$"""
        { "Gateway": { "Access": {
          "{{name}}": { {{policy}} } } } }
        """;

    [Theory]
    [InlineData("", "gateway.json(2,3): Gateway:Access:phone: lets everybody in; add Allow, Deny, ApiKeys, Basic or Jwt; a route for everybody needs no policy")]
    [InlineData("\"ApiKeys\": []", "gateway.json(2,3): Gateway:Access:phone: lets everybody in; add Allow, Deny, ApiKeys, Basic or Jwt; a route for everybody needs no policy")]
    [InlineData("\"AllowPreflight\": true", "gateway.json(2,3): Gateway:Access:phone: lets everybody in; add Allow, Deny, ApiKeys, Basic or Jwt; a route for everybody needs no policy")]
    [InlineData("\"Allow\": [\"10.0.0.0/33\"]", "gateway.json(2,24): Gateway:Access:phone:Allow:0: '10.0.0.0/33': is no CIDR range; after the slash stands a number from 0 to 32")]
    [InlineData("\"Deny\": [\"office\"]", "gateway.json(2,23): Gateway:Access:phone:Deny:0: 'office': must be an IP address or a CIDR range; for example 10.0.0.5 or 10.0.0.0/8")]
    [InlineData("\"ApiKey\": []", "gateway.json(2,14): Gateway:Access:phone:ApiKey: unknown key; did you mean 'ApiKeys'?")]
    [InlineData("\"ApiKeys\": [{ \"Name\": \"a\", \"Hash\": \"gwk_verysecret\" }]", "gateway.json(2,41): Gateway:Access:phone:ApiKeys:0:Hash: must be sha256: and 64 hexadecimal digits; `gateway key create` makes a key with its hash")]
    [InlineData("\"ApiKeys\": [{ \"Name\": \"a\" }]", "gateway.json(2,26): Gateway:Access:phone:ApiKeys:0: has no 'Hash'; add \"Hash\"")]
    [InlineData("\"Basic\": { \"alice\": \"verysecret\" }", "gateway.json(2,25): Gateway:Access:phone:Basic:alice: must be a hash: pbkdf2-sha512:ITERATIONS:SALT:HASH; `gateway key password` makes it from a password")]
    [InlineData("\"Jwt\": { \"Issuer\": \"i\", \"Audience\": \"a\" }", "gateway.json(2,14): Gateway:Access:phone:Jwt: has no 'JwksFile'; add JwksFile or JwksUrl: where the issuer's public keys are")]
    [InlineData("\"Jwt\": { \"Audience\": \"a\", \"JwksFile\": \"f\" }", "gateway.json(2,14): Gateway:Access:phone:Jwt: has no 'Issuer'; add it, for example \"Issuer\": \"https://login.example.com/\"")]
    [InlineData("\"Jwt\": { \"Issuer\": \"i\", \"Audience\": \"a\", \"JwksFile\": \"f\", \"JwksUrl\": \"https://a/\" }", "gateway.json(2,72): Gateway:Access:phone:Jwt:JwksUrl: 'https://a/': there is a JwksFile as well; keep one of the two")]
    [InlineData("\"Jwt\": { \"Issuer\": \"i\", \"Audience\": \"a\", \"JwksUrl\": \"http://login.example.com/\" }", "gateway.json(2,55): Gateway:Access:phone:Jwt:JwksUrl: 'http://login.example.com/': must be an https URL, or http on this machine; keys that anybody on the way can replace protect nothing")]
    [InlineData("\"Jwt\": { \"Issuer\": \"i\", \"Audience\": \"a\", \"JwksUrl\": \"jwks\" }", "gateway.json(2,55): Gateway:Access:phone:Jwt:JwksUrl: 'jwks': must be an https URL, or http on this machine; keys that anybody on the way can replace protect nothing")]
    [InlineData(Keys + ", \"Header\": \"Authorization\"", "gateway.json(2,127): Gateway:Access:phone:Header: 'Authorization': must be the name of a header that means nothing else")]
    [InlineData(Keys + ", \"Query\": \"a b\"", "gateway.json(2,127): Gateway:Access:phone:Query: 'a b': must be the name of a query parameter: letters, digits and - . _ ~")]
    public void WhatProtectsNothingIsAnError(string policy, string error) => Assert.Equal(error, Error(WithPolicy(policy)));

    [Theory]
    [InlineData("Default")]
    [InlineData("anonymous")]
    public void YarpsWordsAreNoNames(string name) => Assert.Equal(
        $"gateway.json(2,3): Gateway:Access:{name}: this name is a word of YARP's; give the policy another name; each route says which policy it has",
        Error(WithPolicy(Keys, name)));

    [Fact]
    public void OneKeyHasOneName() => Assert.EndsWith(
        "Gateway:Access:phone:ApiKeys:1:Hash: is the same key as 'a'; make a key for each with `gateway key create`",
        Error(WithPolicy(Keys[..^1] + ", " + Keys["\"ApiKeys\": [".Length..^1].Replace("\"a\"", "\"b\"", StringComparison.Ordinal) + "]")), StringComparison.Ordinal);

    [Theory]
    [InlineData("http://127.0.0.1:8080/jwks")]
    [InlineData("http://localhost/jwks")]
    [InlineData("https://login.example.com/jwks")]
    public void KeysMayComeFromASafePlace(string url) => Assert.Empty(Errors(WithPolicy($"\"Jwt\": {{ \"Issuer\": \"i\", \"Audience\": \"a\", \"JwksUrl\": \"{url}\" }}")));

    [Theory]
    [InlineData("staff", "'staff': there is no such policy; add a policy under Gateway:Access and name it here")]
    [InlineData("Default", "'Default': the gateway has no default policy; add a policy under Gateway:Access and name it here")]
    public void ARouteWithAPolicyThatThereIsNotIsAnError(string name, string error) => Assert.Equal(
        "gateway.json(3,49): ReverseProxy:Routes:r:AuthorizationPolicy: " + error, Error(WithRoute($"{Route}, \"AuthorizationPolicy\": \"{name}\"")));

    [Theory]
    [InlineData("PHONE", null)]
    [InlineData("Anonymous", null)]
    [InlineData("phoen", "'phoen': there is no such policy; did you mean 'phone'?")]
    [InlineData("staff", "'staff': there is no such policy; add it under Gateway:Access; there are phone")]
    public void AMisspeltPolicyIsSuggested(string name, string? error)
    {
        var errors = Errors("{ \"Gateway\": { \"Access\": { \"phone\": { " + Keys + " } } }, " + WithRoute($"{Route}, \"AuthorizationPolicy\": \"{name}\"").TrimStart()[1..]);

        Assert.Equal(error is null ? [] : ["gateway.json(3,49): ReverseProxy:Routes:r:AuthorizationPolicy: " + error], errors);
    }

    [Fact]
    public void AFileOfKeysIsReadByCheck()
    {
        using var folder = new Certificates.TestFolder();
        var path = folder["gateway.json"];
        var file = folder["jwks.json"].Replace("\\", "/", StringComparison.Ordinal);
        File.WriteAllText(path, WithPolicy($"\"Jwt\": {{ \"Issuer\": \"i\", \"Audience\": \"a\", \"JwksFile\": \"{file}\" }}"));
        var configuration = ConfigurationReader.Read(path, new Dictionary<string, string>()).Configuration;

        Assert.Equal(
            $"{path}(2,55): Gateway:Access:phone:Jwt:JwksFile: '{file}': there is no such file; name a file with the issuer's JWK set",
            Assert.Single(SigningKeyFiles.Validate(configuration)).ToString());

        File.WriteAllText(file, "{ \"keys\": [] }");
        Assert.Contains("holds no RSA key", Assert.Single(SigningKeyFiles.Validate(configuration)).ToString(), StringComparison.Ordinal);
    }
}
