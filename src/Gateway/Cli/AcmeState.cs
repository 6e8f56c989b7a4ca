using Gateway.Acme;
using Gateway.Certificates;
using Gateway.Certificates.Automatic;
using Gateway.Configuration;
using Gateway.Platform;

namespace Gateway.Cli;

/// <summary>What a gateway keeps about its automatic certificates, seen by another process.</summary>
internal sealed class AcmeState(AcmeOptions options, AcmeFolder folder)
{
    // An attempt beats every few seconds.
    private static readonly TimeSpan LongestSilence = TimeSpan.FromSeconds(30);

    public AcmeOptions Options => options;

    public AcmeFolder Folder => folder;

    public IReadOnlyList<AcmeIdentifier> Names { get; } = [.. options.DomainNames.Select(AcmeIdentifier.Parse)];

    /// <summary>Why this user cannot see the state, with the remedy; null when it can, also when there is none yet.</summary>
    public string? Obstacle(string command)
    {
        try
        {
            foreach (var path in new[] { folder.StateDirectory, folder.Root, folder.Names, folder.Requests })
            {
                if (Directory.Exists(path))
                {
                    using var entries = Directory.EnumerateFileSystemEntries(path).GetEnumerator();
                    entries.MoveNext();
                }
                else if (new FileInfo(path).LinkTarget is not null)
                {
                    // As systemd's DynamicUser leaves it: a link to where only root may look.
                    throw new UnauthorizedAccessException();
                }
            }

            return null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return NotAllowed(command);
        }
    }

    /// <summary>That only root and the gateway's user may do something, and how.</summary>
    public string NotAllowed(string command) =>
        $"The state directory {folder.StateDirectory} is closed to this user ({HostPlatform.Current.DescribeAccess(folder.Names)}). Run it as root or as the gateway's user: sudo {command}";

    /// <summary>The stored certificate that the gateway serves for a name, and the CA's directory; null when there is none.</summary>
    /// <exception cref="CertificateFileException">It cannot be read.</exception>
    public (ServedCertificate Certificate, Uri Issuer)? Certificate(AcmeIdentifier name) => options.Issuers
        .Select(issuer => (Certificate: CertificateStore.Peek(folder, issuer.DirectoryUrl, name), Issuer: issuer.DirectoryUrl))
        .Where(found => found.Certificate is not null)
        .Select(found => ((ServedCertificate, Uri)?)(found.Certificate!, found.Issuer))
        .MaxBy(found => found!.Value.Item1.NotAfter);

    /// <summary>Whether a gateway works on a name just now.</summary>
    public bool IsWorkedOn(AcmeIdentifier name, DateTimeOffset now)
    {
        var file = new FileInfo(folder.NameLock(name));
        return file.Exists && now.UtcDateTime - file.LastWriteTimeUtc < LongestSilence;
    }
}
