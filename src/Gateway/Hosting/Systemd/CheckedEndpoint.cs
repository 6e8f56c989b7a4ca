using System.Net;
using System.Net.Sockets;
using Gateway.Configuration;

namespace Gateway.Hosting.Systemd;

/// <summary>An endpoint as a client on this machine reaches it.</summary>
/// <param name="endpoint">As configured.</param>
/// <param name="section">Kestrel's own settings of it.</param>
internal sealed class CheckedEndpoint(EndpointOptions endpoint, IConfigurationSection section)
{
    private readonly string _protocols = section["Protocols"] ?? "";

    /// <summary>The lower the better: TLS by the gateway's own table, then what may turn a plain client away, then plain HTTP.</summary>
    public int Preference => !endpoint.IsHttps ? 2 : MayRefuse ? 1 : 0;

    /// <summary>The endpoint has its own certificates by name, or asks for the client's.</summary>
    public bool MayRefuse => endpoint.HasOwnCertificate || section["ClientCertificateMode"] is { } mode && !mode.Equals("NoCertificate", StringComparison.OrdinalIgnoreCase);

    /// <summary>The addresses to try in turn; empty when no TCP or unix socket leads there.</summary>
    public IReadOnlyList<EndPoint> Addresses => _protocols.Equals("Http3", StringComparison.OrdinalIgnoreCase) ? [] : ListenAddress.Parse(endpoint.Url, out _, out _) switch
    {
        { Socket: { } path } when !OperatingSystem.IsWindows() => [new UnixDomainSocketEndPoint(path)],
        { Port: > 0 } address => [.. address.Addresses.SelectMany(Reachable).Select(ip => new IPEndPoint(ip, address.Port))],
        _ => [],
    };

    public string Origin => endpoint.IsHttps ? "https://localhost" : "http://localhost";

    public Version Version => endpoint.IsHttps || IsPlainHttp2 ? HttpVersion.Version20 : HttpVersion.Version11;

    // With TLS the two sides agree in the handshake.
    public HttpVersionPolicy VersionPolicy => endpoint.IsHttps ? HttpVersionPolicy.RequestVersionOrLower : HttpVersionPolicy.RequestVersionExact;

    private bool IsPlainHttp2 => !endpoint.IsHttps && _protocols.Equals("Http2", StringComparison.OrdinalIgnoreCase);

    private static IPAddress[] Reachable(IPAddress address) =>
        address.Equals(IPAddress.IPv6Any) ? [IPAddress.Loopback, IPAddress.IPv6Loopback]
        : address.Equals(IPAddress.Any) ? [IPAddress.Loopback]
        : [address];
}
