using System.Globalization;
using System.Net;
using Gateway.Certificates;
using Gateway.Configuration;

namespace Gateway.Hosting;

/// <summary>An endpoint as a person reads it.</summary>
/// <param name="Name">The key under <c>Kestrel:Endpoints</c>.</param>
/// <param name="Address">As configured: <c>https://*:443</c>.</param>
/// <param name="Description">The certificate with its source and expiry, or what plain HTTP does.</param>
internal sealed record EndpointLine(string Name, string Address, string Description)
{
    public static IReadOnlyList<EndpointLine> All(GatewayConfiguration configuration, CertificateTable table)
    {
        var redirectsTo = configuration.Gateway.HttpsRedirect ? configuration.Endpoints.FirstOrDefault(e => e.IsHttps) : null;
        return [.. configuration.Endpoints.Select(e => new EndpointLine(e.Name, e.Url, Describe(e, table, redirectsTo)))];
    }

    /// <summary>Where a browser on this machine begins.</summary>
    public static string OpenAddress(GatewayConfiguration configuration, CertificateTable table)
    {
        var endpoint = configuration.Endpoints.FirstOrDefault(e => e.IsHttps) ?? configuration.Endpoints[0];
        var scheme = endpoint.IsHttps ? "https" : "http";
        var host = PublicName(endpoint, configuration, table);
        var port = endpoint.Port == (endpoint.IsHttps ? 443 : 80) || endpoint.Port == 0 ? "" : ":" + endpoint.Port.ToString(CultureInfo.InvariantCulture);
        return $"{scheme}://{host}{port}";
    }

    private static string PublicName(EndpointOptions endpoint, GatewayConfiguration configuration, CertificateTable table)
    {
        var host = BindingAddress.Parse(endpoint.Url).Host;
        if (host is not ("*" or "+" or "[::]" or "0.0.0.0"))
        {
            return host;
        }

        // Names that a certificate is yet to come for are the gateway's too.
        return table.Certificates
            .Where(c => c.Source is CertificateSource.File or CertificateSource.Acme)
            .SelectMany(c => c.DnsNames)
            .Concat((configuration.Acme?.DomainNames ?? []).Select(UriHost))
            .FirstOrDefault(n => !n.StartsWith('*')) ?? "localhost";
    }

    private static string UriHost(string name) =>
        IPAddress.TryParse(name, out var address) && address.AddressFamily == System.Net.Sockets.AddressFamily.InterNetworkV6 ? $"[{name}]" : name;

    private static string Describe(EndpointOptions endpoint, CertificateTable table, EndpointOptions? redirectsTo)
    {
        if (!endpoint.IsHttps)
        {
            return redirectsTo is null ? "plain HTTP" : $"redirects to {redirectsTo.Url}";
        }

        if (endpoint.HasOwnCertificate)
        {
            return "certificate of its own";
        }

        var name = BindingAddress.Parse(endpoint.Url).Host;
        return table.Select(IPAddress.TryParse(name, out _) ? null : name, null) is { } certificate
            ? $"{SourceName(certificate)}, expires {certificate.NotAfter.UtcDateTime.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture)}"
            : "no certificate yet";
    }

    private static string SourceName(ServedCertificate certificate) => certificate.Source switch
    {
        CertificateSource.File => $"certificate {certificate.Origin}",
        CertificateSource.Acme => $"certificate from {certificate.Issuer}",
        CertificateSource.Temporary => "temporary certificate of the local CA",
        _ => "certificate of the local CA",
    };
}
