using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using Gateway.Acme;

namespace Gateway.Tests.Acme;

public sealed class KeyTests
{
    // RFC 7515 appendix A.3.
    private const string EcX = "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU";
    private const string EcY = "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0";
    private const string EcD = "jpsQnnGQmL-YBIffH1136cspYG6-0iY7X1fCE9-E9LI";
    private const string EcSigned =
        "eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ";
    private const string EcSignature = "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q";

    // RFC 7638 section 3.1.
    private const string RsaN =
        "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn6"
        + "4tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n9"
        + "1CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw";

    [Fact]
    public void SignsInTheFormOfRfc7515AppendixA3()
    {
        using var reference = ECDsa.Create(EcKey());
        Assert.True(reference.VerifyData(Encoding.ASCII.GetBytes(EcSigned), Base64Url.DecodeFromChars(EcSignature), HashAlgorithmName.SHA256));

        using var key = AcmeKey.From(ECDsa.Create(EcKey()));
        var signature = key.Sign(Encoding.ASCII.GetBytes(EcSigned));
        Assert.Equal(64, signature.Length);
        Assert.True(reference.VerifyData(Encoding.ASCII.GetBytes(EcSigned), signature, HashAlgorithmName.SHA256));
    }

    [Fact]
    public void DescribesAnEcKeyAsRfc7515AppendixA3Does()
    {
        using var key = AcmeKey.From(ECDsa.Create(EcKey()));
        Assert.Equal(new JsonWebKey { Kty = "EC", Crv = "P-256", X = EcX, Y = EcY }, key.PublicKey);
        Assert.Equal("ES256", key.Algorithm);
    }

    [Fact]
    public void HasTheThumbprintOfRfc7638Section31()
    {
        var parameters = new RSAParameters { Modulus = Base64Url.DecodeFromChars(RsaN), Exponent = [1, 0, 1] };
        using var key = AcmeKey.From(RSA.Create(parameters));
        Assert.Equal("NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs", key.Thumbprint);
    }

    [Fact]
    public void AuthorizesATokenAsRfc8555Section81Does()
    {
        using var key = AcmeKey.From(RSA.Create(new RSAParameters { Modulus = Base64Url.DecodeFromChars(RsaN), Exponent = [1, 0, 1] }));
        Assert.Equal(
            "evaGxfADs6pSRb2LAv9IZf17Dt3juxGJ-PCt92wr-oA.NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs",
            key.Authorize("evaGxfADs6pSRb2LAv9IZf17Dt3juxGJ-PCt92wr-oA"));
    }

    [Fact]
    public void AuthenticatesABindingAsRfc7515AppendixA1Does()
    {
        var binding = new ExternalAccountBinding(
            "kid-1", "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow");
        const string signed =
            "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ";
        var mac = binding.Authenticate(Encoding.ASCII.GetBytes(signed));
        Assert.Equal("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk", Base64Url.EncodeToString(mac));
    }

    [Fact]
    public void TakesABindingKeyInPlainBase64Too()
    {
        byte[] key = [0xfb, 0xff, 0xbf, 1];
        var binding = new ExternalAccountBinding("kid-1", Convert.ToBase64String(key));
        Assert.Equal(HMACSHA256.HashData(key, new byte[] { 1, 2, 3 }), binding.Authenticate([1, 2, 3]));
    }

    [Fact]
    public void DoesNotRepeatABadBindingKeyInTheError()
    {
        var error = Assert.Throws<FormatException>(() => new ExternalAccountBinding("kid-1", "s3cret!"));
        Assert.Contains("'kid-1'", error.Message);
        Assert.DoesNotContain("s3cret", error.ToString());
    }

    [Theory]
    [InlineData("ES256")]
    [InlineData("ES384")]
    [InlineData("RS256")]
    public void ReadsTheKeysThatOtherClientsKeep(string algorithm)
    {
        using AsymmetricAlgorithm original = algorithm switch
        {
            "ES256" => ECDsa.Create(ECCurve.NamedCurves.nistP256),
            "ES384" => ECDsa.Create(ECCurve.NamedCurves.nistP384),
            _ => RSA.Create(2048),
        };
        string[] forms =
        [
            original.ExportPkcs8PrivateKeyPem(),
            original is ECDsa ec ? ec.ExportECPrivateKeyPem() : ((RSA)original).ExportRSAPrivateKeyPem(),
        ];
        foreach (var pem in forms)
        {
            using var key = AcmeKey.FromPem(pem);
            Assert.Equal(algorithm, key.Algorithm);
            Assert.True(key.IsSameAs(original));
        }

        using var fromDer = AcmeKey.FromPkcs8(original.ExportPkcs8PrivateKey());
        Assert.True(fromDer.IsSameAs(original));
    }

    [Fact]
    public void ComesBackFromItsOwnPem()
    {
        using var key = AcmeKey.Create();
        using var again = AcmeKey.FromPem(key.ExportPem());
        Assert.Equal(key.Thumbprint, again.Thumbprint);
    }

    [Theory]
    [InlineData("")]
    [InlineData("not a key")]
    [InlineData("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----")]
    public void RefusesWhatIsNoKey(string pem) => Assert.ThrowsAny<CryptographicException>(() => AcmeKey.FromPem(pem));

    [Fact]
    public void RefusesAKeyThatNoCaAccepts()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP521);
        var error = Assert.ThrowsAny<CryptographicException>(() => AcmeKey.From(key));
        Assert.Contains("521", error.Message);
    }

    private static ECParameters EcKey() => new()
    {
        Curve = ECCurve.NamedCurves.nistP256,
        D = Base64Url.DecodeFromChars(EcD),
        Q = new ECPoint { X = Base64Url.DecodeFromChars(EcX), Y = Base64Url.DecodeFromChars(EcY) },
    };
}
