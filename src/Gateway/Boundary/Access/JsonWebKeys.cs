using System.Text;
using Microsoft.IdentityModel.Tokens;

namespace Gateway.Boundary.Access;

/// <summary>The public keys of an issuer, as a JWK set (RFC 7517) gives them.</summary>
internal static class JsonWebKeys
{
    private const int SmallestRsaKey = 2048; // RFC 7518 section 3.3

    /// <summary>What signatures may be made with. No HMAC: a public key must never be taken for a shared secret.</summary>
    public static readonly IReadOnlyList<string> Algorithms =
    [
        SecurityAlgorithms.RsaSha256, SecurityAlgorithms.RsaSha384, SecurityAlgorithms.RsaSha512,
        SecurityAlgorithms.RsaSsaPssSha256, SecurityAlgorithms.RsaSsaPssSha384, SecurityAlgorithms.RsaSsaPssSha512,
        SecurityAlgorithms.EcdsaSha256, SecurityAlgorithms.EcdsaSha384, SecurityAlgorithms.EcdsaSha512,
    ];

    /// <exception cref="FormatException">It is no JWK set, or none of its keys can be used; says why.</exception>
    public static IReadOnlyList<JsonWebKey> Parse(ReadOnlySpan<byte> json)
    {
        JsonWebKeySet set;
        try
        {
            set = new JsonWebKeySet(Encoding.UTF8.GetString(json));
        }
        catch (Exception e)
        {
            // The library's exceptions are of many types and quote the text.
            throw new FormatException("it is no JWK set", e);
        }

        IReadOnlyList<JsonWebKey> usable = [.. set.Keys.Where(IsUsable)];
        return usable.Count > 0
            ? usable
            : throw new FormatException($"it holds no RSA key of at least {SmallestRsaKey} bits and no EC key to check signatures with");
    }

    /// <summary>Whether a token that names this algorithm and perhaps a key may be checked with the key (RFC 7515 section 4.1.4,
    /// RFC 7518 section 3.4).</summary>
    public static bool Fits(JsonWebKey key, string algorithm, string? keyId) =>
        (string.IsNullOrEmpty(keyId) || string.Equals(key.Kid, keyId, StringComparison.Ordinal))
        && (string.IsNullOrEmpty(key.Alg) || string.Equals(key.Alg, algorithm, StringComparison.Ordinal))
        && algorithm switch
        {
            SecurityAlgorithms.EcdsaSha256 => key is { Kty: JsonWebAlgorithmsKeyTypes.EllipticCurve, Crv: JsonWebKeyECTypes.P256 },
            SecurityAlgorithms.EcdsaSha384 => key is { Kty: JsonWebAlgorithmsKeyTypes.EllipticCurve, Crv: JsonWebKeyECTypes.P384 },
            SecurityAlgorithms.EcdsaSha512 => key is { Kty: JsonWebAlgorithmsKeyTypes.EllipticCurve, Crv: JsonWebKeyECTypes.P521 },
            _ => key.Kty == JsonWebAlgorithmsKeyTypes.RSA && Algorithms.Contains(algorithm),
        };

    private static bool IsUsable(JsonWebKey key) =>
        key.Use is null or "" or JsonWebKeyUseNames.Sig
        && key.Kty switch
        {
            JsonWebAlgorithmsKeyTypes.RSA => !string.IsNullOrEmpty(key.N) && !string.IsNullOrEmpty(key.E) && key.KeySize >= SmallestRsaKey,
            JsonWebAlgorithmsKeyTypes.EllipticCurve => !string.IsNullOrEmpty(key.X) && !string.IsNullOrEmpty(key.Y),
            _ => false,
        };
}
