using System.Buffers.Text;
using System.Text;
using System.Text.Json;

namespace Gateway.Acme;

/// <summary>A signed request body: the flattened JSON serialization of RFC 7515, as RFC 8555 section 6.2 narrows it.</summary>
internal sealed record Jws(string Protected, string Payload, string Signature)
{
    /// <summary>Signs with a private key.</summary>
    /// <param name="key">An account's key, or a certificate's.</param>
    /// <param name="account">The account URL; null puts the public key itself into the header, which only newAccount,
    /// revokeCert by certificate key and the inside of a key change may (RFC 8555 section 6.2).</param>
    /// <param name="nonce">Null only inside a key change (RFC 8555 section 7.3.5).</param>
    /// <param name="url">The resource that the request goes to.</param>
    /// <param name="payload">JSON, or nothing at all for POST-as-GET (RFC 8555 section 6.3).</param>
    public static Jws Sign(AcmeKey key, Uri? account, string? nonce, Uri url, ReadOnlySpan<byte> payload)
    {
        var header = new JwsHeader
        {
            Alg = key.Algorithm,
            Jwk = account is null ? key.PublicKey : null,
            Kid = account?.OriginalString,
            Nonce = nonce,
            Url = url.AbsoluteUri,
        };
        return Sign(header, payload, key.Sign);
    }

    /// <summary>RFC 8555 section 7.3.4: the account key, authenticated by a key that the CA gave out beforehand; no nonce.</summary>
    public static Jws Bind(ExternalAccountBinding binding, AcmeKey accountKey, Uri newAccount)
    {
        var header = new JwsHeader { Alg = binding.Algorithm, Kid = binding.KeyId, Url = newAccount.AbsoluteUri };
        var payload = JsonSerializer.SerializeToUtf8Bytes(accountKey.PublicKey, AcmeJson.Default.JsonWebKey);
        return Sign(header, payload, binding.Authenticate);
    }

    public byte[] ToBytes() => JsonSerializer.SerializeToUtf8Bytes(this, AcmeJson.Default.Jws);

    private static Jws Sign(JwsHeader header, ReadOnlySpan<byte> payload, Func<byte[], byte[]> sign)
    {
        var protectedHeader = Base64Url.EncodeToString(JsonSerializer.SerializeToUtf8Bytes(header, AcmeJson.Default.JwsHeader));
        var content = Base64Url.EncodeToString(payload);
        var signature = sign(Encoding.ASCII.GetBytes($"{protectedHeader}.{content}"));
        return new Jws(protectedHeader, content, Base64Url.EncodeToString(signature));
    }
}

/// <summary>The protected header (RFC 8555 section 6.2): exactly one of <see cref="Jwk"/> and <see cref="Kid"/> is set.</summary>
internal sealed record JwsHeader
{
    public required string Alg { get; init; }
    public JsonWebKey? Jwk { get; init; }
    public string? Kid { get; init; }
    public string? Nonce { get; init; }
    public required string Url { get; init; }
}
