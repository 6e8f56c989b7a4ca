using System.Net;
using Gateway.Certificates;
using Gateway.Certificates.Automatic;
using Gateway.Configuration;
using Gateway.Platform;

namespace Gateway.Hosting;

/// <summary>Where the certificates of one gateway come from.</summary>
/// <param name="Served">The table that all of them publish to.</param>
/// <param name="Files">Watched for replacement.</param>
/// <param name="Authority">The local authority; null where it is not needed.</param>
/// <param name="LocalNames">The names that the local authority certifies; asked again as the machine's addresses change.</param>
internal sealed record CertificateSources(
    ServedCertificates Served,
    IReadOnlyList<CertificateFileOptions> Files,
    LocalAuthority? Authority,
    Func<LocalNames> LocalNames)
{
    /// <summary>Certificates from CAs, by ACME; null where there never are any. A reload may ask for the first name.</summary>
    public AutomaticSource? Automatic { get; init; }

    /// <summary>Under which heading the local authority's certificate is served.</summary>
    public CertificateSource LocalSource { get; init; } = CertificateSource.LocalAuthority;

    /// <summary>The files that are configured, and the local authority in dev always and in run if there are no files, so that the
    /// gateway answers from the first minute.</summary>
    /// <exception cref="LocalAuthorityException">The local authority's files are damaged or out of reach.</exception>
    public static CertificateSources For(GatewayConfiguration configuration, HostMode mode, bool lan, TimeProvider time)
    {
        var files = configuration.Certificates;
        var needsAuthority = configuration.Endpoints.Any(e => e is { IsHttps: true, HasOwnCertificate: false }) && (mode == HostMode.Dev || files.Count == 0);

        var authority = needsAuthority ? LocalAuthority.OpenOrCreate(StateDirectory(configuration), time) : null;
        return new CertificateSources(
            new ServedCertificates(time), files, authority, () => Names(configuration, lan || mode == HostMode.Run, authority))
        {
            Automatic = mode == HostMode.Run ? AutomaticSource.In(StateDirectory(configuration), time) : null,
            LocalSource = configuration.Acme is null ? CertificateSource.LocalAuthority : CertificateSource.Temporary,
        };
    }

    /// <summary>From the file, else systemd's, else the platform's.</summary>
    public static string StateDirectory(GatewayConfiguration configuration) =>
        configuration.Gateway.StateDirectory ?? HostPlatform.Current.StateDirectory(ProcessEnvironment.Variables());

    /// <summary>This machine's names, and those of the configuration that are local too: <c>chat.internal</c>.</summary>
    private static LocalNames Names(GatewayConfiguration configuration, bool lan, LocalAuthority? authority)
    {
        var machine = lan ? Certificates.LocalNames.ForLan() : Certificates.LocalNames.ForLoopback;
        var configured = configuration.AllowedHosts.Concat(configuration.Routes.SelectMany(r => r.Match.Hosts ?? []))
            .Select(host => host.Split(':')[0])
            .Where(host => host.Length > 0 && host != "*" && !IPAddress.TryParse(host, out _));
        return machine.Plus(configured.Where(host => authority?.Permits(host) == true));
    }
}

/// <summary>What of the automatic certificates the endpoints need as well.</summary>
/// <param name="Folder">Where all of it is kept.</param>
/// <param name="Challenges">What the CAs may ask for right now.</param>
internal sealed record AutomaticSource(AcmeFolder Folder, OpenChallenges Challenges)
{
    public static AutomaticSource In(string stateDirectory, TimeProvider time)
    {
        var folder = new AcmeFolder(stateDirectory);
        return new AutomaticSource(folder, new OpenChallenges(folder, time));
    }
}
