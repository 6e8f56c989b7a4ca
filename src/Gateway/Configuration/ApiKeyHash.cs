using System.Buffers;
using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;

namespace Gateway.Configuration;

/// <summary>
/// What is stored of an API key: <c>sha256:</c> and 64 hexadecimal digits. One round of SHA-256 is right for a key of 256 random bits,
/// which nobody can guess however fast; a slow hash would only cost each request. It is wrong for what a person thought up.
/// </summary>
internal sealed class ApiKeyHash
{
    private const string Prefix = "sha256:";

    // So that scanners of repositories and logs can tell what they have found.
    private const string KeyPrefix = "gwk_";

    private readonly byte[] _hash;

    private ApiKeyHash(byte[] hash) => _hash = hash;

    public static ApiKeyHash? TryParse(string text)
    {
        var hash = new byte[SHA256.HashSizeInBytes];
        return text.StartsWith(Prefix, StringComparison.OrdinalIgnoreCase)
            && text.Length == Prefix.Length + (2 * hash.Length)
            && Convert.FromHexString(text.AsSpan(Prefix.Length), hash, out _, out _) == OperationStatus.Done
                ? new ApiKeyHash(hash)
                : null;
    }

    /// <summary>A new key of 256 random bits, in characters that may stand in a header, a query and a WebSocket's subprotocol.</summary>
    public static string CreateKey() => KeyPrefix + Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(32));

    public static ApiKeyHash Of(string key) => new(SHA256.HashData(Encoding.UTF8.GetBytes(key)));

    /// <summary>Whether both are of the same key; takes the same time wherever they differ.</summary>
    public bool Matches(ApiKeyHash other) => CryptographicOperations.FixedTimeEquals(_hash, other._hash);

    public override string ToString() => Prefix + Convert.ToHexStringLower(_hash);
}
