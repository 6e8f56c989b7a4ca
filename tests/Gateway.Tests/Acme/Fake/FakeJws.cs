using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Gateway.Tests.Acme.Fake;

/// <summary>A signed request body as the fake CA takes it apart; it shares no code with the client.</summary>
internal sealed class FakeJws
{
    private readonly string _signed;
    private readonly byte[] _signature;

    private FakeJws(JsonObject header, byte[] payload, string signed, byte[] signature)
    {
        Header = header;
        Payload = payload;
        _signed = signed;
        _signature = signature;
    }

    public JsonObject Header { get; }

    /// <summary>Empty with POST-as-GET.</summary>
    public byte[] Payload { get; }

    public string? KeyId => (string?)Header["kid"];

    public JsonObject? Jwk => Header["jwk"] as JsonObject;

    public static FakeJws Parse(JsonNode? json)
    {
        try
        {
            var body = json!.AsObject();
            var members = body.Select(member => member.Key).Order().ToArray();
            if (!members.SequenceEqual(["payload", "protected", "signature"]))
            {
                throw Malformed($"a JWS with the members {string.Join(", ", members)}");
            }

            var (header, payload) = ((string)body["protected"]!, (string)body["payload"]!);
            return new FakeJws(
                JsonNode.Parse(Base64Url.DecodeFromChars(header))!.AsObject(),
                Base64Url.DecodeFromChars(payload),
                $"{header}.{payload}",
                Base64Url.DecodeFromChars((string)body["signature"]!));
        }
        catch (Exception e) when (e is JsonException or FormatException or InvalidOperationException or NullReferenceException)
        {
            throw Malformed($"something else than a JWS: {e.Message}");
        }
    }

    public static FakeJws Parse(byte[] json)
    {
        try
        {
            return Parse(JsonNode.Parse(json));
        }
        catch (JsonException e)
        {
            throw Malformed(e.Message);
        }
    }

    /// <summary>The payload as JSON, which it must be.</summary>
    public JsonObject Read()
    {
        try
        {
            return JsonNode.Parse(Payload)!.AsObject();
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            throw Malformed("a payload that is not a JSON object");
        }
    }

    public void VerifySignature(JsonObject jwk)
    {
        var algorithm = (string?)Header["alg"];
        var data = Encoding.ASCII.GetBytes(_signed);
        var good = algorithm switch
        {
            "ES256" => VerifyEc(jwk, "P-256", ECCurve.NamedCurves.nistP256, data, HashAlgorithmName.SHA256),
            "ES384" => VerifyEc(jwk, "P-384", ECCurve.NamedCurves.nistP384, data, HashAlgorithmName.SHA384),
            "RS256" => VerifyRsa(jwk, data),
            _ => throw new FakeRefusal(400, "badSignatureAlgorithm", $"'{algorithm}' is not accepted"),
        };
        if (!good)
        {
            throw Malformed("a signature that does not verify");
        }
    }

    public void VerifyMac(byte[] key)
    {
        if ((string?)Header["alg"] != "HS256" || !HMACSHA256.HashData(key, Encoding.ASCII.GetBytes(_signed)).AsSpan().SequenceEqual(_signature))
        {
            throw new FakeRefusal(403, "unauthorized", "the external account binding does not verify");
        }
    }

    public static string Thumbprint(JsonObject jwk)
    {
        string[] required = (string?)jwk["kty"] == "EC" ? ["crv", "kty", "x", "y"] : ["e", "kty", "n"];
        var canonical = "{" + string.Join(',', required.Select(name => $"\"{name}\":\"{jwk[name]}\"")) + "}";
        return Base64Url.EncodeToString(SHA256.HashData(Encoding.UTF8.GetBytes(canonical)));
    }

    public static byte[] PublicKey(JsonObject jwk)
    {
        if ((string?)jwk["kty"] == "RSA")
        {
            using var rsa = RSA.Create(RsaParameters(jwk));
            return rsa.ExportSubjectPublicKeyInfo();
        }

        var curve = (string?)jwk["crv"] == "P-256" ? ECCurve.NamedCurves.nistP256 : ECCurve.NamedCurves.nistP384;
        using var ec = ECDsa.Create(EcParameters(jwk, curve));
        return ec.ExportSubjectPublicKeyInfo();
    }

    public static FakeRefusal Malformed(string detail) => new(400, "malformed", detail);

    private bool VerifyEc(JsonObject jwk, string name, ECCurve curve, byte[] data, HashAlgorithmName hash)
    {
        if ((string?)jwk["crv"] != name)
        {
            return false;
        }

        using var key = ECDsa.Create(EcParameters(jwk, curve));
        return key.VerifyData(data, _signature, hash);
    }

    private bool VerifyRsa(JsonObject jwk, byte[] data)
    {
        using var key = RSA.Create(RsaParameters(jwk));
        return key.VerifyData(data, _signature, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
    }

    private static ECParameters EcParameters(JsonObject jwk, ECCurve curve) =>
        new() { Curve = curve, Q = new ECPoint { X = Decode(jwk["x"]), Y = Decode(jwk["y"]) } };

    private static RSAParameters RsaParameters(JsonObject jwk) => new() { Exponent = Decode(jwk["e"]), Modulus = Decode(jwk["n"]) };

    private static byte[] Decode(JsonNode? text) => Base64Url.DecodeFromChars((string)text!);
}
