using System.Buffers.Text;
using System.Security.Cryptography;

namespace Gateway.Acme;

/// <summary>Ties a new account to one that exists with the CA outside ACME (RFC 8555 section 7.3.4).</summary>
internal sealed class ExternalAccountBinding
{
    private readonly byte[] _key;

    /// <param name="keyId">The CA's name of the key.</param>
    /// <param name="key">The key in base64url, as CAs give it out; padding and the signs of plain base64 are let pass.</param>
    /// <param name="algorithm">HS256, HS384 or HS512.</param>
    /// <exception cref="FormatException">The key is not base64url, or the algorithm is another.</exception>
    public ExternalAccountBinding(string keyId, string key, string algorithm = "HS256")
    {
        KeyId = keyId;
        Algorithm = algorithm is "HS256" or "HS384" or "HS512"
            ? algorithm
            : throw new FormatException($"The algorithm of an external account binding is HS256, HS384 or HS512, not '{algorithm}'.");
        try
        {
            _key = Base64Url.DecodeFromChars(key.Trim().TrimEnd('=').Replace('+', '-').Replace('/', '_'));
        }
        catch (FormatException)
        {
            // Neither the key nor the decoder's message about it, which may quote it, belongs in an error.
            throw new FormatException($"The key of the external account binding '{keyId}' is not base64url.");
        }
    }

    public string KeyId { get; }
    public string Algorithm { get; }

    public byte[] Authenticate(byte[] data) => Algorithm switch
    {
        "HS256" => HMACSHA256.HashData(_key, data),
        "HS384" => HMACSHA384.HashData(_key, data),
        _ => HMACSHA512.HashData(_key, data),
    };
}
