using System.Net;
using Gateway.Certificates;
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
    /// <summary>In dev always the local authority, and files only if the environment names them; in run the files, and the local
    /// authority if there are none, so that the gateway answers from the first minute.</summary>
    /// <exception cref="LocalAuthorityException">The local authority's files are damaged or out of reach.</exception>
    public static CertificateSources For(GatewayConfiguration configuration, HostMode mode, bool lan, TimeProvider time)
    {
        IReadOnlyList<CertificateFileOptions> files = mode == HostMode.Dev
            ? [.. configuration.Certificates.Where(c => c.ConfigurationPath == "SSL_CERT_PATH")]
            : configuration.Certificates;
        var needsAuthority = configuration.Endpoints.Any(e => e is { IsHttps: true, HasOwnCertificate: false }) && (mode == HostMode.Dev || files.Count == 0);

        var authority = needsAuthority ? LocalAuthority.OpenOrCreate(StateDirectory(configuration), time) : null;
        return new CertificateSources(
            new ServedCertificates(time), files, authority, () => Names(configuration, lan || mode == HostMode.Run, authority));
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
