using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Gateway.Certificates;
using Gateway.Configuration;

namespace Gateway.Tests.Certificates;

public sealed class CertificateFileTests : IDisposable
{
    private static readonly TestIssuer Issuer = TestIssuer.Shared;
    private static readonly RSA RsaKey = RSA.Create(2048);
    private static readonly PbeParameters Encryption = new(PbeEncryptionAlgorithm.Aes256Cbc, HashAlgorithmName.SHA256, 1000);

    private readonly TestFolder _folder = new();

    public static TheoryData<string> KeyForms => ["EC PKCS#8", "EC SEC1", "EC openssl", "RSA PKCS#8", "RSA PKCS#1", "EC encrypted", "RSA encrypted"];

    public void Dispose() => _folder.Dispose();

    [Theory]
    [MemberData(nameof(KeyForms))]
    public async Task ServesAPairWithAKeyInAnyForm(string form)
    {
        using var ec = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var leaf = Issuer.Issue(["a.test"], form.StartsWith("RSA", StringComparison.Ordinal) ? RsaKey : ec);
        var key = form switch
        {
            "EC PKCS#8" => ec.ExportPkcs8PrivateKeyPem(),
            "EC SEC1" => ec.ExportECPrivateKeyPem(),
            "EC openssl" => "-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n" + ec.ExportECPrivateKeyPem(),
            "RSA PKCS#8" => RsaKey.ExportPkcs8PrivateKeyPem(),
            "RSA PKCS#1" => RsaKey.ExportRSAPrivateKeyPem(),
            "EC encrypted" => ec.ExportEncryptedPkcs8PrivateKeyPem("secret", Encryption),
            _ => RsaKey.ExportEncryptedPkcs8PrivateKeyPem("secret", Encryption),
        };

        var served = Load(Issuer.Chain(leaf), key, form.EndsWith("encrypted", StringComparison.Ordinal) ? "secret" : null);

        await using var server = new TlsServer(() => CertificateTable.Create([served], TimeProvider.System));
        var (sent, intermediates) = await server.HandshakeAsync("a.test");
        Assert.Equal(leaf.Thumbprint, sent.Thumbprint);
        Assert.Equal(1, intermediates);
    }

    [Fact]
    public async Task ServesCertificateAndKeyFromOneFile()
    {
        var leaf = Issuer.Issue(["a.test"]);
        var path = _folder.Write("all.pem", TestIssuer.Key(leaf) + Issuer.Chain(leaf));
        var served = new CertificateFile(Options(path, null)).Load();
        await using var server = new TlsServer(() => CertificateTable.Create([served], TimeProvider.System));
        Assert.Equal(leaf.Thumbprint, (await server.HandshakeAsync("a.test")).Leaf.Thumbprint);
    }

    [Fact]
    public async Task FindsTheLeafAmongTheChainInAnyOrder()
    {
        var leaf = Issuer.Issue(["a.test"]);
        var shuffled = Issuer.Root.ExportCertificatePem() + "\n" + Issuer.Intermediate.ExportCertificatePem() + "\n" + leaf.ExportCertificatePem();
        var served = Load(shuffled, TestIssuer.Key(leaf));
        Assert.Equal(leaf.Thumbprint, served.Leaf.Thumbprint);
        await using var server = new TlsServer(() => CertificateTable.Create([served], TimeProvider.System));
        Assert.Equal(1, (await server.HandshakeAsync("a.test")).Intermediates);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("secret")]
    public async Task ServesAPfxWithItsChain(string? password)
    {
        var leaf = Issuer.Issue(["a.test"]);
        File.WriteAllBytes(_folder["a.pfx"], new X509Certificate2Collection { leaf, Public(Issuer.Intermediate) }.Export(X509ContentType.Pkcs12, password)!);
        var served = new CertificateFile(Options(_folder["a.pfx"], null, password)).Load();
        await using var server = new TlsServer(() => CertificateTable.Create([served], TimeProvider.System));
        Assert.Equal(1, (await server.HandshakeAsync("a.test")).Intermediates);
    }

    [Fact]
    public void ToleratesTextAndWindowsLineEndsAroundTheBlocks()
    {
        var leaf = Issuer.Issue(["a.test"]);
        Assert.Equal(["a.test"], Load(("subject=leaf\n" + Issuer.Chain(leaf)).ReplaceLineEndings("\r\n"), "\uFEFF" + TestIssuer.Key(leaf)).DnsNames);
    }

    [Fact]
    public void AnExpiredCertificateIsNoError()
    {
        var leaf = Issuer.Issue(["a.test"], notAfter: TimeProvider.System.GetUtcNow().AddHours(-1));
        Assert.False(Load(Issuer.Chain(leaf), TestIssuer.Key(leaf)).IsValidAt(TimeProvider.System.GetUtcNow()));
    }

    [Fact]
    public void SaysThatAFileIsMissing()
    {
        var error = Refused(_folder["none.pem"], null);
        Assert.Equal("there is no such file", error.Rule);
        Assert.Equal(_folder["none.pem"], error.Path);
        Refused(_folder["no/such/folder.pem"], null);
    }

    [Fact]
    public void SaysThatAPathIsAFolder() => Assert.Equal("it is a folder", Refused(_folder.Path, null).Rule);

    [Fact]
    public void SaysThatThereIsNoCertificate()
    {
        var leaf = Issuer.Issue(["a.test"]);
        var key = _folder.Write("key.pem", TestIssuer.Key(leaf));
        var certificate = _folder.Write("cert.pem", Issuer.Chain(leaf));
        var error = Refused(key, certificate);
        Assert.Equal("there is no certificate in it (it holds: PRIVATE KEY)", error.Rule);
        Assert.Equal("Path and KeyPath may have been swapped", error.Remedy);
        Assert.Contains("no certificate", Refused(_folder.Write("empty.pem", ""), null).Rule, StringComparison.Ordinal);
        File.WriteAllBytes(_folder["a.der"], leaf.RawData);
        Assert.Contains("-inform der", Refused(_folder["a.der"], null).Remedy, StringComparison.Ordinal);
        Assert.Contains("no certificate", Refused(_folder.Write("text.pem", "hello"), key).Rule, StringComparison.Ordinal);
    }

    [Fact]
    public void SaysThatACertificateHasNoKey()
    {
        var leaf = Issuer.Issue(["a.test"]);
        var certificate = _folder.Write("cert.pem", Issuer.Chain(leaf));
        Assert.Equal("it is a certificate without key", Refused(certificate, null).Rule);
        var error = Refused(certificate, _folder.Write("key.pem", Issuer.Chain(leaf)));
        Assert.Equal("there is no private key in it (it holds: CERTIFICATE)", error.Rule);
        Assert.Equal(_folder["key.pem"], error.Path);
    }

    [Fact]
    public void SaysWhichKeyDoesNotBelongToWhichCertificate()
    {
        var error = Refused(
            _folder.Write("cert.pem", Issuer.Chain(Issuer.Issue(["a.test"]))),
            _folder.Write("key.pem", TestIssuer.Key(Issuer.Issue(["a.test"]))));
        Assert.Equal(_folder["key.pem"], error.Path);
        Assert.Equal($"the key does not belong to the certificate in {_folder["cert.pem"]}", error.Rule);
    }

    [Fact]
    public void SaysThatAPasswordIsMissingOrWrong()
    {
        using var ec = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var certificate = _folder.Write("cert.pem", Issuer.Chain(Issuer.Issue(["a.test"], ec)));
        var key = _folder.Write("key.pem", ec.ExportEncryptedPkcs8PrivateKeyPem("secret", Encryption));
        Assert.Contains("no password is given", Refused(certificate, key).Rule, StringComparison.Ordinal);
        Assert.Contains("cannot be decrypted", Refused(certificate, key, "other").Rule, StringComparison.Ordinal);

        File.WriteAllBytes(_folder["a.pfx"], Issuer.Issue(["a.test"]).Export(X509ContentType.Pkcs12, "secret"));
        Assert.Contains("needs a password", Refused(_folder["a.pfx"], null).Rule, StringComparison.Ordinal);
        Assert.Contains("another password", Refused(_folder["a.pfx"], null, "other").Rule, StringComparison.Ordinal);
    }

    [Fact]
    public void SaysHowToConvertOpensslsOldEncryptedKeys()
    {
        var leaf = Issuer.Issue(["a.test"], RsaKey);
        var key = _folder.Write(
            "key.pem",
            RsaKey.ExportRSAPrivateKeyPem().Replace("KEY-----\n", "KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,00\n\n", StringComparison.Ordinal));
        Assert.Contains("openssl pkcs8", Refused(_folder.Write("cert.pem", Issuer.Chain(leaf)), key).Remedy, StringComparison.Ordinal);
    }

    [Fact]
    public void RefusesWeakKeys()
    {
        using var rsa = RSA.Create(1024);
        var leaf = Issuer.Issue(["a.test"], rsa);
        Assert.Contains("1024 bits", Refused(_folder.Write("cert.pem", Issuer.Chain(leaf)), _folder.Write("key.pem", TestIssuer.Key(leaf))).Rule, StringComparison.Ordinal);
    }

    [Fact]
    public void RefusesKindsOfKeysThatBrowsersDoNotAccept()
    {
        // RFC 8410 section 10.3.
        const string Ed25519 = "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC\n-----END PRIVATE KEY-----\n";
        var error = Refused(_folder.Write("cert.pem", Issuer.Chain(Issuer.Issue(["a.test"]))), _folder.Write("key.pem", Ed25519));
        Assert.Contains("browsers do not accept", error.Rule, StringComparison.Ordinal);
    }

    [Fact]
    public void SaysThatABlockIsCutOffWhereverItIsCut()
    {
        var leaf = Issuer.Issue(["a.test"]);
        var chain = Issuer.Chain(leaf).TrimEnd();
        var key = _folder.Write("key.pem", TestIssuer.Key(leaf));
        for (var length = chain.Length - 1; length > leaf.ExportCertificatePem().Length + 30; length -= 7)
        {
            Assert.Equal("a PEM block in it is damaged or cut off", Refused(_folder.Write("cert.pem", chain[..length]), key).Rule);
        }
    }

    [Fact]
    public void NoBytesMakeItThrowAnythingElse()
    {
        var random = new Random(5);
        var leaf = Issuer.Issue(["a.test"]);
        var good = Encoding.ASCII.GetBytes(Issuer.Chain(leaf) + TestIssuer.Key(leaf));
        var pfx = leaf.Export(X509ContentType.Pkcs12);
        for (var i = 0; i < 400; i++)
        {
            var bytes = (byte[])(i % 2 == 0 ? good : pfx).Clone();
            for (var n = random.Next(1, 4); n > 0; n--)
            {
                bytes[random.Next(bytes.Length)] = (byte)random.Next(256);
            }

            File.WriteAllBytes(_folder["fuzz"], bytes);
            try
            {
                new CertificateFile(Options(_folder["fuzz"], null)).Load();
            }
            catch (CertificateFileException)
            {
            }
        }
    }

    [Fact]
    public void RefusesAFileWithoutEnd()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "needs /dev/zero");
        Assert.Contains("larger than 1 MiB", Refused("/dev/zero", null).Rule, StringComparison.Ordinal);
    }

    [Fact]
    public void TheValidatorReportsAllErrorsWithPlaceAndPath()
    {
        var leaf = Issuer.Issue(["a.test"]);
        var good = Options(_folder.Write("cert.pem", Issuer.Chain(leaf)), _folder.Write("key.pem", TestIssuer.Key(leaf)));
        var errors = CertificateFilesValidator.Validate([Options(_folder["x.pem"], null), good, Options(_folder["y.pem"], null)]);
        Assert.Equal([_folder["x.pem"], _folder["y.pem"]], errors.Select(error => error.Value));
        Assert.All(errors, error => Assert.Equal(("gateway.json(3,5)", "Gateway:Certificates:0"), (error.Location, error.Path)));
    }

    internal static CertificateFileOptions Options(string path, string? keyPath, string? password = null) =>
        new(path, keyPath, password, "gateway.json(3,5)", "Gateway:Certificates:0");

    private static X509Certificate2 Public(X509Certificate2 certificate) => X509CertificateLoader.LoadCertificate(certificate.RawData);

    private static CertificateFileException Refused(string path, string? keyPath, string? password = null) =>
        Assert.Throws<CertificateFileException>(() => new CertificateFile(Options(path, keyPath, password)).Load());

    private ServedCertificate Load(string certificate, string key, string? password = null) =>
        new CertificateFile(Options(_folder.Write("cert.pem", certificate), _folder.Write("key.pem", key), password)).Load();
}
