using System.Globalization;
using System.Text;
using Gateway.Acme;
using Gateway.Configuration;

namespace Gateway.Certificates.Automatic;

/// <summary>
/// The certificates that CAs issued, one file each with key and chain together: a rename replaces both or neither, so that a
/// process or machine that stops at any step leaves the old pair or the new one.
/// </summary>
internal sealed partial class CertificateStore(
    AcmeFolder folder, StateFiles files, IReadOnlyList<string> additionalIssuers, ILogger<CertificateStore> logger)
{
    /// <summary>The certificate for a name from a CA; null when there is none that can be served. A damaged file is put aside.</summary>
    public ServedCertificate? Read(Uri issuer, AcmeIdentifier name)
    {
        var path = folder.Certificate(issuer, name);
        if (!File.Exists(path))
        {
            return null;
        }

        try
        {
            var certificate = Load(issuer, path);
            if (Covers(certificate, name))
            {
                return certificate;
            }

            files.PutAside(path, $"it is for {string.Join(", ", certificate.Names)}");
        }
        catch (CertificateFileException e) when (e.InnerException is IOException or UnauthorizedAccessException)
        {
            // Nothing is wrong with the file as far as anyone can tell.
            LogUnreadable(e.Path, e.Rule, e.Remedy);
        }
        catch (CertificateFileException e)
        {
            files.PutAside(path, e.Rule);
        }

        return null;
    }

    /// <summary>The same for another process than the gateway, which changes nothing.</summary>
    /// <exception cref="CertificateFileException">It cannot be served.</exception>
    public static ServedCertificate? Peek(AcmeFolder folder, Uri issuer, AcmeIdentifier name) =>
        File.Exists(folder.Certificate(issuer, name)) ? Load(issuer, folder.Certificate(issuer, name)) : null;

    /// <summary>Gives the file of a revoked certificate another name, so that no start serves it again.</summary>
    /// <returns>That name.</returns>
    /// <exception cref="IOException">It is still there under its own name.</exception>
    /// <exception cref="UnauthorizedAccessException">It is still there under its own name.</exception>
    public static string PutRevokedAside(AcmeFolder folder, Uri issuer, AcmeIdentifier name, TimeProvider time)
    {
        var path = folder.Certificate(issuer, name);
        var aside = $"{path}.revoked-{time.GetUtcNow().ToString("yyyyMMdd'T'HHmmss'Z'", CultureInfo.InvariantCulture)}";
        File.Move(path, aside, overwrite: true);
        return aside;
    }

    /// <summary>Keeps a certificate, in place of the one before, and gives it back as it was read from the disk.</summary>
    /// <param name="issuer">The CA's directory.</param>
    /// <param name="name">The name that it was ordered for.</param>
    /// <param name="chainPem">The certificate and its intermediates, leaf first.</param>
    /// <param name="keyPem">The private key.</param>
    /// <exception cref="IOException">It cannot be kept; the one before is unchanged.</exception>
    /// <exception cref="UnauthorizedAccessException">It cannot be kept; the one before is unchanged.</exception>
    /// <exception cref="CertificateFileException">What was written cannot be served.</exception>
    public ServedCertificate Write(Uri issuer, AcmeIdentifier name, string chainPem, string keyPem)
    {
        var path = folder.Certificate(issuer, name);
        var chain = ChainCompletion.Complete(chainPem, additionalIssuers);
        files.Write(path, Encoding.ASCII.GetBytes($"{chain.TrimEnd()}\n{keyPem.TrimEnd()}\n"));
        return Load(issuer, path);
    }

    /// <exception cref="IOException">Nothing could be kept there.</exception>
    /// <exception cref="UnauthorizedAccessException">Nothing could be kept there.</exception>
    public void Test(Uri issuer) => files.Test(folder.CertificateFolder(issuer));

    /// <summary>What tells that another process has replaced the file.</summary>
    public FileStamp Stamp(Uri issuer, AcmeIdentifier name) => FileStamp.Of(folder.Certificate(issuer, name));

    public static bool Covers(ServedCertificate certificate, AcmeIdentifier name) => name.Type == AcmeIdentifier.IpType
        ? certificate.Addresses.Contains(System.Net.IPAddress.Parse(name.Value))
        : certificate.DnsNames.Contains(name.Value);

    private static ServedCertificate Load(Uri issuer, string path) =>
        new CertificateFile(new CertificateFileOptions(path, null, null, path, "")).Load(CertificateSource.Acme, issuer.Host);

    [LoggerMessage(EventId = 303, Level = LogLevel.Error, Message = "The stored certificate {Path} is not served: {Rule}; {Remedy}")]
    private partial void LogUnreadable(string path, string rule, string remedy);
}
