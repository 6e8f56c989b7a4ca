using System.Security.Cryptography;
using Gateway.Acme;
using Gateway.Certificates;
using Gateway.Certificates.Automatic;
using Gateway.Configuration;
using Gateway.Hosting;

namespace Gateway.Explain;

/// <summary>The certificates that a gateway would serve now, read without changing anything.</summary>
internal sealed class RehearsedCertificates
{
    /// <summary>Origin of the certificate that is there so that there is one.</summary>
    public const string StandIn = "stand-in";

    private readonly List<string> _notes = [];

    private RehearsedCertificates(CertificateSources sources) => Sources = sources;

    public CertificateSources Sources { get; }

    /// <summary>What could not be read, and that another one stands in for it.</summary>
    public IReadOnlyList<string> Notes => _notes;

    /// <param name="configuration">As the gateway would have it.</param>
    /// <param name="mode">The verb.</param>
    /// <param name="host">A certificate for it stands in where none can be read.</param>
    /// <param name="clock">Of validity.</param>
    public static RehearsedCertificates Load(GatewayConfiguration configuration, HostMode mode, string host, TimeProvider clock)
    {
        var state = CertificateSources.StateDirectory(configuration);
        var served = new ServedCertificates(clock);
        var automatic = mode == HostMode.Run ? AutomaticSource.In(state, clock) : null;
        var loaded = new RehearsedCertificates(new CertificateSources(served, configuration.Certificates, null, () => LocalNames.ForLoopback) { Automatic = automatic });
        var files = configuration.Certificates.Select(file => loaded.Try(file.Path, new CertificateFile(file).Load)).OfType<ServedCertificate>().ToArray();
        served.Publish(CertificateSource.File, files);
        if (automatic is not null && configuration.Acme is { } acme)
        {
            served.Publish(CertificateSource.Acme, [.. acme.DomainNames.Select(name => loaded.Stored(acme, automatic.Folder, AcmeIdentifier.Parse(name), name)).OfType<ServedCertificate>()]);
        }

        if (mode == HostMode.Dev || configuration.Certificates.Count == 0)
        {
            var source = configuration.Acme is null ? CertificateSource.LocalAuthority : CertificateSource.Temporary;
            if (loaded.Try("the local CA", () => LocalAuthority.TryOpen(state, clock)?.IssuedLeaf()) is { } leaf)
            {
                served.Publish(source, [leaf.As(source)]);
            }
            else if (files.Length == 0)
            {
                loaded._notes.Add("one of the local CA, made at the start; who does not trust that CA is warned");
            }
        }

        if (served.Table.Default is null)
        {
            using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
            var standIn = SelfSignedCertificate.Create(key, [host], 1, clock.GetUtcNow());
            served.Publish(CertificateSource.Temporary, [new ServedCertificate(standIn, [], CertificateSource.Temporary, StandIn)]);
        }

        return loaded;
    }

    private ServedCertificate? Stored(AcmeOptions acme, AcmeFolder folder, AcmeIdentifier identifier, string name)
    {
        var found = acme.Issuers.Select(issuer => Try(name, () => CertificateStore.Peek(folder, issuer.DirectoryUrl, identifier))).OfType<ServedCertificate>().MaxBy(certificate => certificate.NotAfter);
        if (found is null)
        {
            _notes.Add($"{name}: none that can be read here has been obtained yet");
        }

        return found;
    }

    private ServedCertificate? Try(string what, Func<ServedCertificate?> load)
    {
        try
        {
            return load();
        }
        catch (Exception e) when (e is CertificateFileException or LocalAuthorityException or IOException or UnauthorizedAccessException)
        {
            _notes.Add($"{what}: {e.Message}");
            return null;
        }
    }
}
