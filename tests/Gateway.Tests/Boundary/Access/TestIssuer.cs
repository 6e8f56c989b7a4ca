using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text.Json.Nodes;

namespace Gateway.Tests.Boundary.Access;

/// <summary>Signs tokens, good ones and bad ones, byte by byte.</summary>
internal sealed class TestIssuer : IDisposable
{
    public const string Name = "https://login.example.com/";
    public const string Audience = "chat";

    public RSA Rsa { get; } = RSA.Create(2048);

    public ECDsa Ec { get; } = ECDsa.Create(ECCurve.NamedCurves.nistP256);

    public JsonObject RsaKey => new()
    {
        ["kty"] = "RSA",
        ["use"] = "sig",
        ["kid"] = "rsa",
        ["n"] = Base64Url.EncodeToString(Rsa.ExportParameters(false).Modulus),
        ["e"] = Base64Url.EncodeToString(Rsa.ExportParameters(false).Exponent),
    };

    public JsonObject EcKey => new()
    {
        ["kty"] = "EC",
        ["crv"] = "P-256",
        ["kid"] = "ec",
        ["x"] = Base64Url.EncodeToString(Ec.ExportParameters(false).Q.X),
        ["y"] = Base64Url.EncodeToString(Ec.ExportParameters(false).Q.Y),
    };

    public static string Set(params JsonObject[] keys) => new JsonObject { ["keys"] = new JsonArray([.. keys]) }.ToJsonString();

    public static JsonObject Header(string algorithm, string? keyId) => keyId is null
        ? new JsonObject { ["typ"] = "JWT", ["alg"] = algorithm }
        : new JsonObject { ["typ"] = "JWT", ["alg"] = algorithm, ["kid"] = keyId };

    /// <summary>Valid for an hour from now.</summary>
    public static JsonObject Claims(TimeProvider? time = null)
    {
        var now = (time ?? TimeProvider.System).GetUtcNow().ToUnixTimeSeconds();
        return new JsonObject { ["iss"] = Name, ["aud"] = Audience, ["sub"] = "alice", ["iat"] = now, ["nbf"] = now, ["exp"] = now + 3600 };
    }

    public string SignRsa(JsonObject claims, string algorithm = "RS256", string? keyId = "rsa") => Sign(Header(algorithm, keyId), claims, data => Rsa.SignData(
        data, Hash(algorithm), algorithm[0] == 'P' ? RSASignaturePadding.Pss : RSASignaturePadding.Pkcs1));

    public string SignEc(JsonObject claims, string? keyId = "ec") => Sign(Header("ES256", keyId), claims, data => Ec.SignData(data, HashAlgorithmName.SHA256));

    public static string Sign(JsonObject header, JsonObject claims, Func<byte[], byte[]> sign)
    {
        var signed = $"{Encode(header)}.{Encode(claims)}";
        return $"{signed}.{Base64Url.EncodeToString(sign(System.Text.Encoding.ASCII.GetBytes(signed)))}";
    }

    public void Dispose()
    {
        Rsa.Dispose();
        Ec.Dispose();
    }

    private static HashAlgorithmName Hash(string algorithm) => new("SHA" + algorithm[2..]);

    private static string Encode(JsonObject json) => Base64Url.EncodeToString(System.Text.Encoding.UTF8.GetBytes(json.ToJsonString()));
}
