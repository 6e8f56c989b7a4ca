using System.Net;
using Gateway.Certificates;
using Gateway.Configuration;
using Microsoft.AspNetCore.Connections;

namespace Gateway.Hosting.Tls;

/// <summary>Which certificate a handshake is answered with.</summary>
/// <param name="certificates">What there is to choose from.</param>
/// <param name="configuration">Whether a name that no certificate covers is refused.</param>
internal sealed class CertificateChoice(ServedCertificates certificates, CurrentConfiguration configuration)
{
    /// <summary>Whether names have to be looked at before the handshake is answered.</summary>
    public bool IsStrict => configuration.Value.Gateway.StrictSni;

    /// <param name="name">The one that the client asks for; null or empty when for none.</param>
    /// <returns>Whether <c>Gateway:StrictSni</c> refuses it.</returns>
    public bool Refuses(string? name) => IsStrict && !string.IsNullOrEmpty(name) && certificates.Table.Match(name, null) is null;

    /// <param name="name">Not refused.</param>
    /// <param name="connection">The address that it came to counts where there is no name.</param>
    /// <returns>Null when there is no certificate to serve yet.</returns>
    public ServedCertificate? For(string? name, BaseConnectionContext connection)
    {
        var certificate = certificates.Table.Select(name, (connection.LocalEndPoint as IPEndPoint)?.Address);
        // The rules for headers depend on whose certificate it was.
        connection.Features.Set(certificate);
        return certificate;
    }
}
