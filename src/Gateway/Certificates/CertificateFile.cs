using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Gateway.Configuration;
using Gateway.Platform;

namespace Gateway.Certificates;

/// <summary>One certificate in files: PEM with the key beside it or in the same file, or PFX.</summary>
internal sealed class CertificateFile(CertificateFileOptions options)
{
    // No certificate comes near this; it bounds what a wrong path such as /dev/zero can do.
    private const int MaximumSize = 1024 * 1024;
    private const string CertificateLabel = "CERTIFICATE";

    public CertificateFileOptions Options => options;

    /// <summary>What tells a changed pair from an unchanged one without reading it.</summary>
    public (FileStamp Certificate, FileStamp? Key) Stamp() =>
        (FileStamp.Of(options.Path), options.KeyPath is null ? null : FileStamp.Of(options.KeyPath));

    /// <exception cref="CertificateFileException">It cannot be served.</exception>
    public ServedCertificate Load() => Load(CertificateSource.File, options.Path);

    /// <summary>Loads it for a source that keeps its certificates in files.</summary>
    /// <exception cref="CertificateFileException">It cannot be served.</exception>
    public ServedCertificate Load(CertificateSource source, string origin)
    {
        var content = Read(options.Path);
        var text = Text(content);
        var (leaf, chain) = PemBlock.IsPem(text) ? LoadPem(text) : LoadPfx(content);
        try
        {
            return new ServedCertificate(leaf, chain, source, origin);
        }
        catch (CryptographicException e)
        {
            throw new CertificateFileException(
                options.Path, $"it cannot be used for TLS ({e.Message})", "have the certificate issued again", e);
        }
    }

    private (X509Certificate2 Leaf, X509Certificate2Collection Chain) LoadPem(string text)
    {
        var blocks = Parse(options.Path, text);
        X509Certificate2[] found = [.. blocks.Where(block => block.Label == CertificateLabel).Select(Certificate)];
        if (found.Length == 0)
        {
            throw new CertificateFileException(
                options.Path,
                $"there is no certificate in it{Holds(blocks)}",
                options.KeyPath is null ? "name the file with the certificate chain in Path" : "Path and KeyPath may have been swapped");
        }

        var keyPath = options.KeyPath ?? options.Path;
        RefuseWhenOthersCanRead(keyPath);
        var keyBlocks = options.KeyPath is null ? blocks : Parse(keyPath, Text(Read(keyPath)));
        var keyBlock = keyBlocks.Find(PrivateKeyReader.IsKey) ?? throw new CertificateFileException(
            keyPath,
            options.KeyPath is null ? "it is a certificate without key" : $"there is no private key in it{Holds(keyBlocks)}",
            options.KeyPath is null ? "name the file with its private key in KeyPath" : "name the PEM file with the private key in KeyPath");

        using var key = PrivateKeyReader.Read(keyBlock, options.Password, keyPath);
        var leaf = Array.Find(found, certificate => Matches(certificate, key)) ?? throw new CertificateFileException(
            keyPath,
            options.KeyPath is null
                ? "its private key does not belong to its certificate"
                : $"the key does not belong to the certificate in {options.Path}",
            "name the key that the certificate was requested with, or have a certificate issued for this key");

        var chain = new X509Certificate2Collection(Array.FindAll(found, certificate => !ReferenceEquals(certificate, leaf)));
        return (HostPlatform.Current.ImportKey(WithKey(leaf, key)), chain);
    }

    private (X509Certificate2 Leaf, X509Certificate2Collection Chain) LoadPfx(byte[] content)
    {
        X509Certificate2Collection certificates;
        try
        {
            if (content.Length > 0 && X509Certificate2.GetCertContentType(content) == X509ContentType.Cert)
            {
                throw new CertificateFileException(
                    options.Path,
                    "it is a certificate in DER form, without key",
                    $"convert it: openssl x509 -inform der -in {options.Path} -out {Path.ChangeExtension(options.Path, ".pem")}");
            }

            certificates = X509CertificateLoader.LoadPkcs12Collection(content, options.Password, HostPlatform.Current.KeyStorage);
        }
        catch (CryptographicException e)
        {
            throw new CertificateFileException(
                options.Path,
                options.Password is null
                    ? "there is no certificate in it, or it is a PFX that needs a password"
                    : "there is no certificate in it, or it is a PFX with another password",
                "name a PEM file, or a PFX file with its Password",
                e);
        }

        if (options.KeyPath is not null)
        {
            throw new CertificateFileException(options.Path, "a PFX file holds its own key", "remove KeyPath");
        }

        var leaf = certificates.FirstOrDefault(certificate => certificate.HasPrivateKey) ?? throw new CertificateFileException(
            options.Path, "it is a certificate without key", "export the PFX together with its private key");
        certificates.Remove(leaf);
        RefuseWhenOthersCanRead(options.Path);
        return (leaf, certificates);
    }

    // Whoever has the key is this server.
    private static void RefuseWhenOthersCanRead(string keyPath)
    {
        if (UnixAccess.ModeOpenToOthers(keyPath) is { } mode)
        {
            throw new CertificateFileException(
                keyPath, $"everybody on this machine can read its private key (mode {mode})", $"run: chmod o= {keyPath}");
        }
    }

    private static List<PemBlock> Parse(string path, string text)
    {
        if (PemBlock.TryParse(text, out var blocks))
        {
            return blocks;
        }

        // RFC 1421 headers, which openssl wrote around encrypted keys before PKCS#8.
        throw text.Contains("Proc-Type: 4,ENCRYPTED", StringComparison.Ordinal)
            ? new CertificateFileException(
                path,
                "its private key is encrypted in openssl's old form",
                $"convert it: openssl pkcs8 -topk8 -in {path} -out {path}.new")
            : new CertificateFileException(
                path, "a PEM block in it is damaged or cut off", "copy the file again from where it came from");
    }

    private X509Certificate2 Certificate(PemBlock block)
    {
        try
        {
            return X509CertificateLoader.LoadCertificate(block.Content);
        }
        catch (CryptographicException e)
        {
            throw new CertificateFileException(
                options.Path, $"a certificate in it is damaged ({e.Message})", "copy the file again from where it came from", e);
        }
    }

    private static string Holds(List<PemBlock> blocks) =>
        blocks.Count == 0 ? "" : $" (it holds: {string.Join(", ", blocks.Select(block => block.Label).Distinct())})";

    private static bool Matches(X509Certificate2 certificate, AsymmetricAlgorithm key) =>
        certificate.PublicKey.ExportSubjectPublicKeyInfo().AsSpan().SequenceEqual(key.ExportSubjectPublicKeyInfo());

    private static X509Certificate2 WithKey(X509Certificate2 certificate, AsymmetricAlgorithm key) => key switch
    {
        RSA rsa => certificate.CopyWithPrivateKey(rsa),
        _ => certificate.CopyWithPrivateKey((ECDsa)key),
    };

    // Windows editors put a byte order mark before the text.
    private static string Text(byte[] content) => Encoding.UTF8.GetString(content).TrimStart('\uFEFF');

    private static byte[] Read(string path)
    {
        try
        {
            using var stream = File.OpenRead(path);
            var content = new byte[MaximumSize + 1];
            var length = stream.ReadAtLeast(content, content.Length, throwOnEndOfStream: false);
            return length <= MaximumSize
                ? content[..length]
                : throw new CertificateFileException(
                    path, "it is larger than 1 MiB, which no certificate is", "name a PEM or PFX file");
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new CertificateFileException(
                path, "there is no such file", $"correct the path ({Path.GetFullPath(path)}) or put the file there", e);
        }
        catch (UnauthorizedAccessException e) when (Directory.Exists(path))
        {
            throw new CertificateFileException(path, "it is a folder", "name the file in it", e);
        }
        catch (UnauthorizedAccessException e)
        {
            throw new CertificateFileException(
                path,
                $"it may not be read: {HostPlatform.Current.DescribeAccess(path)}",
                "let that user read it (a common group and mode 0640, on every folder above it as well), or have a copy made for it",
                e);
        }
        catch (IOException e)
        {
            throw new CertificateFileException(path, $"it cannot be read ({e.Message})", "see to the disk or the file share", e);
        }
    }
}
