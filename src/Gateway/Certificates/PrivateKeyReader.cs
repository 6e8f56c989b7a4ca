using System.Formats.Asn1;
using System.Security.Cryptography;

namespace Gateway.Certificates;

/// <summary>Reads a private key of any PEM form that openssl, certbot or a company's CA hand out.</summary>
internal static class PrivateKeyReader
{
    private const string Pkcs8 = "PRIVATE KEY";
    private const string EncryptedPkcs8 = "ENCRYPTED PRIVATE KEY";
    private const string Pkcs1 = "RSA PRIVATE KEY";
    private const string Sec1 = "EC PRIVATE KEY";
    private const string RsaOid = "1.2.840.113549.1.1.1";
    private const string EcOid = "1.2.840.10045.2.1";

    private const int MinimumRsaBits = 2048;
    private const int MinimumEcBits = 256;

    public static bool IsKey(PemBlock block) => block.Label is Pkcs8 or EncryptedPkcs8 or Pkcs1 or Sec1;

    /// <exception cref="CertificateFileException">It cannot be read or is too weak.</exception>
    public static AsymmetricAlgorithm Read(PemBlock block, string? password, string path)
    {
        AsymmetricAlgorithm key;
        try
        {
            key = block.Label switch
            {
                Pkcs1 => Rsa(rsa => rsa.ImportRSAPrivateKey(block.Content, out _)),
                Sec1 => Ec(ec => ec.ImportECPrivateKey(block.Content, out _)),
                Pkcs8 => Plain(block.Content, path),
                _ => Encrypted(block.Content, password, path),
            };
        }
        catch (CryptographicException e)
        {
            throw new CertificateFileException(
                path, $"its private key cannot be read ({e.Message})", "write the key again from where it came from", e);
        }

        var minimum = key is RSA ? MinimumRsaBits : MinimumEcBits;
        return key.KeySize >= minimum
            ? key
            : throw new CertificateFileException(
                path,
                $"its key is too weak: {key.KeySize} bits, and browsers want {minimum} or more",
                "make a new key and have a certificate issued for it");
    }

    // RFC 5208 section 5: PrivateKeyInfo ::= SEQUENCE { version INTEGER, algorithm SEQUENCE { OID, ... }, ... }
    private static AsymmetricAlgorithm Plain(byte[] content, string path)
    {
        string algorithm;
        try
        {
            var info = new AsnReader(content, AsnEncodingRules.BER).ReadSequence();
            info.ReadInteger();
            algorithm = info.ReadSequence().ReadObjectIdentifier();
        }
        catch (AsnContentException e)
        {
            throw new CryptographicException(e.Message, e);
        }

        return algorithm switch
        {
            RsaOid => Rsa(rsa => rsa.ImportPkcs8PrivateKey(content, out _)),
            EcOid => Ec(ec => ec.ImportPkcs8PrivateKey(content, out _)),
            _ => throw new CertificateFileException(
                path,
                $"its key is of a kind ({new Oid(algorithm).FriendlyName ?? algorithm}) that browsers do not accept",
                "use an RSA key of 2048 bits or more, or an ECDSA P-256 key"),
        };
    }

    // The kind of key shows only after decryption, which the runtime does together with the import.
    private static AsymmetricAlgorithm Encrypted(byte[] content, string? password, string path)
    {
        if (password is null)
        {
            throw new CertificateFileException(
                path, "its private key is encrypted and no password is given", "set Password beside Path");
        }

        try
        {
            return Ec(ec => ec.ImportEncryptedPkcs8PrivateKey(password, content, out _));
        }
        catch (CryptographicException)
        {
        }

        try
        {
            return Rsa(rsa => rsa.ImportEncryptedPkcs8PrivateKey(password, content, out _));
        }
        catch (CryptographicException e)
        {
            throw new CertificateFileException(
                path, "its private key cannot be decrypted with the password given", "correct Password", e);
        }
    }

    private static RSA Rsa(Action<RSA> import)
    {
        var rsa = RSA.Create();
        import(rsa);
        return rsa;
    }

    private static ECDsa Ec(Action<ECDsa> import)
    {
        var ec = ECDsa.Create();
        import(ec);
        return ec;
    }
}
