using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace Gateway.Certificates;

/// <summary>A certificate that vouches for itself, in the files server.crt and server.key.</summary>
internal static class SelfSignedCertificate
{
    public const string CertificateFileName = "server.crt";
    public const string KeyFileName = "server.key";
    private const int LongestName = 253;
    private const int LongestLabel = 63;

    private static readonly TimeSpan Backdating = TimeSpan.FromHours(1);

    /// <summary>Null when the text is an IP address or a DNS name (internationalized and "*." allowed), else what is wrong with it.</summary>
    public static string? Problem(string nameOrAddress)
    {
        if (IPAddress.TryParse(nameOrAddress, out _))
        {
            return null;
        }

        var rule = "a DNS name such as chat.example.com or *.example.com, or an IP address; no scheme, port or path";
        if (ServerName.Normalize(nameOrAddress) is not { Length: <= LongestName } name)
        {
            return rule;
        }

        var labels = (name.StartsWith("*.", StringComparison.Ordinal) ? name[2..] : name).Split('.');

        // A last label of digits alone is a mistyped IPv4 address.
        return labels.All(IsLabel) && !labels[^1].All(char.IsAsciiDigit) ? null : rule;
    }

    /// <summary>Writes a P-256 certificate and its key into a folder, which is made when it is missing.</summary>
    /// <exception cref="IOException">The files cannot be written.</exception>
    /// <exception cref="UnauthorizedAccessException">The files cannot be written.</exception>
    public static X509Certificate2 Write(string folder, IReadOnlyList<string> namesAndAddresses, int days, TimeProvider clock)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var certificate = Create(key, namesAndAddresses, days, clock.GetUtcNow());

        Directory.CreateDirectory(folder);
        AtomicFile.Write(
            Path.Combine(folder, KeyFileName), Encoding.ASCII.GetBytes(key.ExportPkcs8PrivateKeyPem() + "\n"), AtomicFile.Secret);
        AtomicFile.Write(
            Path.Combine(folder, CertificateFileName), Encoding.ASCII.GetBytes(certificate.ExportCertificatePem() + "\n"), AtomicFile.Public);
        return certificate;
    }

    // Not an authority (CA:FALSE): whoever trusts the file trusts this server, not whatever its key signs.
    internal static X509Certificate2 Create(ECDsa key, IReadOnlyList<string> namesAndAddresses, int days, DateTimeOffset now)
    {
        var addresses = namesAndAddresses.Select(text => IPAddress.TryParse(text, out var address) ? address : null).OfType<IPAddress>();
        var names = namesAndAddresses.Where(text => !IPAddress.TryParse(text, out _)).Select(ServerName.Normalize).OfType<string>();

        var subject = new X500DistinguishedNameBuilder();
        subject.AddCommonName(namesAndAddresses[0].Length <= 64 ? namesAndAddresses[0] : "gateway");

        var request = new CertificateRequest(subject.Build(), key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.AddServerExtensions(new LocalNames([.. names.Distinct()], [.. addresses.Distinct()]));
        var identifier = new X509SubjectKeyIdentifierExtension(request.PublicKey, critical: false);
        request.CertificateExtensions.Add(identifier);
        request.CertificateExtensions.Add(X509AuthorityKeyIdentifierExtension.CreateFromSubjectKeyIdentifier(identifier));
        return request.CreateSelfSigned(now - Backdating, now.AddDays(days));
    }

    private static bool IsLabel(string label) =>
        label.Length is > 0 and <= LongestLabel
        && label.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_')
        && label[0] != '-'
        && label[^1] != '-';
}
