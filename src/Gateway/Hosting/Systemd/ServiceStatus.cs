using System.Globalization;
using Gateway.Certificates;
using Gateway.Certificates.Automatic;
using Gateway.Proxying;

namespace Gateway.Hosting.Systemd;

/// <summary>The gateway in one line, for <c>systemctl status</c>.</summary>
/// <param name="sockets">The calls.</param>
/// <param name="certificates">Those that are served.</param>
/// <param name="automatic">Renews them; null where nothing does.</param>
internal sealed class ServiceStatus(OpenWebSockets sockets, ServedCertificates certificates, CertificateService? automatic)
{
    /// <summary>The file has errors, and the gateway goes on with what it read before.</summary>
    public bool IsConfigurationRejected { get; set; }

    /// <summary>Such as <c>12 calls, 3 certificates, next renewal 2027-01-03</c>.</summary>
    public override string ToString()
    {
        var served = certificates.Table.Certificates;
        var next = automatic?.NextRenewal is { } renewal ? ("next renewal", renewal)
            : served.Count > 0 ? ("next expiry", served.Min(c => c.NotAfter))
            : ((string What, DateTimeOffset At)?)null;
        return $"{Count(sockets.Count, "call")}, {Count(served.Count, "certificate")}"
            + (next is { } date ? $", {date.What} {date.At.UtcDateTime.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture)}" : "")
            + (IsConfigurationRejected ? "; the changed configuration has errors and is not in force, see the log" : "");
    }

    private static string Count(int count, string noun) => string.Create(CultureInfo.InvariantCulture, $"{count} {noun}{(count == 1 ? "" : "s")}");
}
