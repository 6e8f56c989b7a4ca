using System.Net;
using Gateway.Acme;
using Gateway.Certificates;
using Gateway.Certificates.Automatic;

namespace Gateway.Doctor.Checks;

/// <summary>What a gateway would serve if it were started now, from its files.</summary>
internal static class StoredCertificates
{
    public static CertificateTable Table(Examination examination)
    {
        var configuration = examination.Configuration;
        var folder = new AcmeFolder(examination.StateDirectory);
        ServedCertificate?[] all =
        [
            .. configuration.Certificates.Select(options => Read(() => new CertificateFile(options).Load())),
            .. (configuration.Acme?.DomainNames ?? []).SelectMany(name => configuration.Acme!.Issuers.Select(issuer =>
                Read(() => CertificateStore.Peek(folder, issuer.DirectoryUrl, AcmeIdentifier.Parse(name))))),
            configuration.Certificates.Count > 0 ? null : Read(() => LocalAuthority.TryOpen(examination.StateDirectory, examination.Clock)?.IssuedLeaf()),
        ];
        return CertificateTable.Create([.. all.OfType<ServedCertificate>()], examination.Clock);
    }

    public static ShownCertificate? Shown(CertificateTable table, string name)
    {
        var isAddress = IPAddress.TryParse(name, out var address);
        return table.Select(isAddress ? null : name, address) is { } certificate
            ? new ShownCertificate(certificate.Leaf, [.. certificate.Context.IntermediateCertificates])
            : null;
    }

    // What cannot be read is another check's matter.
    private static ServedCertificate? Read(Func<ServedCertificate?> read)
    {
        try
        {
            return read();
        }
        catch (Exception e) when (e is CertificateFileException or LocalAuthorityException)
        {
            return null;
        }
    }
}
