using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text.Json;

namespace Gateway.Acme;

/// <summary>
/// A private key that signs requests: an account's, or on revocation a certificate's. New ones are P-256 (ES256);
/// P-384 (ES384) and RSA (RS256) are there for accounts that another client created.
/// </summary>
internal sealed class AcmeKey : IDisposable
{
    private readonly AsymmetricAlgorithm _key;
    private readonly Lock _signing = new();

    private AcmeKey(AsymmetricAlgorithm key)
    {
        _key = key;
        (Algorithm, PublicKey) = key switch
        {
            ECDsa { KeySize: 256 } ec => ("ES256", Describe(ec, "P-256")),
            ECDsa { KeySize: 384 } ec => ("ES384", Describe(ec, "P-384")),
            RSA { KeySize: >= 2048 } rsa => ("RS256", Describe(rsa)),
            _ => throw new CryptographicException(
                $"An ACME key must be P-256, P-384 or RSA of 2048 bits or more, not {key.GetType().Name} of {key.KeySize} bits."),
        };
        Thumbprint = Base64Url.EncodeToString(
            SHA256.HashData(JsonSerializer.SerializeToUtf8Bytes(PublicKey, AcmeJson.Default.JsonWebKey)));
    }

    /// <summary>The JWS name of the signature: ES256, ES384 or RS256.</summary>
    public string Algorithm { get; }

    public JsonWebKey PublicKey { get; }

    /// <summary>RFC 7638: base64url(SHA-256(the canonical JWK)).</summary>
    public string Thumbprint { get; }

    public static AcmeKey Create() => new(ECDsa.Create(ECCurve.NamedCurves.nistP256));

    /// <summary>Takes over the key: disposing this disposes it.</summary>
    /// <exception cref="CryptographicException">Not a key that ACME servers accept.</exception>
    public static AcmeKey From(AsymmetricAlgorithm key) => new(key);

    /// <summary>Reads "PRIVATE KEY", "EC PRIVATE KEY" or "RSA PRIVATE KEY".</summary>
    /// <exception cref="CryptographicException">No such key in the text, or not one that ACME servers accept.</exception>
    public static AcmeKey FromPem(string pem) => Import(key =>
    {
        try
        {
            key.ImportFromPem(pem);
        }
        catch (ArgumentException e)
        {
            throw new CryptographicException("No single unencrypted private key in the PEM text.", e);
        }
    });

    /// <summary>Reads PKCS#8 in DER.</summary>
    /// <exception cref="CryptographicException">Not PKCS#8, or not a key that ACME servers accept.</exception>
    public static AcmeKey FromPkcs8(byte[] der) => Import(key => key.ImportPkcs8PrivateKey(der, out _));

    /// <summary>The private key as PKCS#8 in PEM.</summary>
    public string ExportPem() => _key.ExportPkcs8PrivateKeyPem();

    /// <summary>RFC 8555 section 8.1: the token and the account key, which a validating CA wants to see together.</summary>
    public string Authorize(string token) => $"{token}.{Thumbprint}";

    /// <summary>Whether this is also the key of a certificate request, which RFC 8555 section 11.1 forbids.</summary>
    public bool IsSameAs(AsymmetricAlgorithm key) =>
        _key.ExportSubjectPublicKeyInfo().AsSpan().SequenceEqual(key.ExportSubjectPublicKeyInfo());

    public byte[] Sign(byte[] data)
    {
        // The runtime's key objects are not safe for concurrent use, and several orders share one account.
        lock (_signing)
        {
            return _key switch
            {
                ECDsa ec => ec.SignData(data, ec.KeySize == 256 ? HashAlgorithmName.SHA256 : HashAlgorithmName.SHA384),
                RSA rsa => rsa.SignData(data, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1),
                _ => throw new InvalidOperationException(),
            };
        }
    }

    public void Dispose() => _key.Dispose();

    private static AcmeKey Import(Action<AsymmetricAlgorithm> import)
    {
        // Neither form says beforehand which algorithm is inside.
        try
        {
            return Imported(ECDsa.Create(), import);
        }
        catch (CryptographicException)
        {
            return Imported(RSA.Create(), import);
        }
    }

    private static AcmeKey Imported(AsymmetricAlgorithm key, Action<AsymmetricAlgorithm> import)
    {
        try
        {
            import(key);
            return new AcmeKey(key);
        }
        catch
        {
            key.Dispose();
            throw;
        }
    }

    private static JsonWebKey Describe(ECDsa key, string curve)
    {
        var point = key.ExportParameters(includePrivateParameters: false).Q;
        return new JsonWebKey
        {
            Kty = "EC",
            Crv = curve,
            X = Base64Url.EncodeToString(point.X),
            Y = Base64Url.EncodeToString(point.Y),
        };
    }

    private static JsonWebKey Describe(RSA key)
    {
        var parameters = key.ExportParameters(includePrivateParameters: false);
        return new JsonWebKey
        {
            Kty = "RSA",
            E = Base64Url.EncodeToString(parameters.Exponent),
            N = Base64Url.EncodeToString(parameters.Modulus),
        };
    }
}
