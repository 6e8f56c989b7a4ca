using System.Globalization;
using System.Net;
using Gateway.Configuration;
using Gateway.Hosting;

namespace Gateway.Explain;

/// <summary>From the connection to the name that is asked for: endpoint, TLS, client, redirect, host, maintenance.</summary>
internal static class ConnectionLines
{
    public static IEnumerable<ExplanationSection> All(GatewayConfiguration configuration, EndpointOptions endpoint, ExplainedRequest request, RehearsedRequest result, string maintenanceFile)
    {
        var sources = new Sources(configuration);
        var own = $"Kestrel:Endpoints:{endpoint.Name}:";
        yield return new ExplanationSection("Endpoint", [
            new(endpoint.Name, endpoint.Url, endpoint.Location),
            new("Protocols", configuration.Root[own + "Protocols"] ?? configuration.Root["Kestrel:EndpointDefaults:Protocols"] ?? "HTTP/1.1 and HTTP/2, and HTTP/3 where the machine can; explained as over HTTP/1.1",
                sources.OfFirst(own + "Protocols", "Kestrel:EndpointDefaults:Protocols"))]);
        if (endpoint.IsHttps)
        {
            yield return new ExplanationSection("TLS", [.. Tls(configuration, sources, own, request, result)]);
        }

        var gateway = configuration.Gateway;
        yield return new ExplanationSection("Client", [
            new("Address", result.Watch.Client is { } client && !client.Equals(request.Client) ? $"{client}, as the trusted proxy {request.Client} says" : request.Client.ToString(), "--from"),
            sources.Line("TrustedProxies", Words.List(gateway.TrustedProxies, "none: X-Forwarded-* of the client is removed"), "Gateway:TrustedProxies"),
            sources.Line("ProxyProtocol", Words.Flag(gateway.ProxyProtocol), "Gateway:ProxyProtocol")]);
        yield return new ExplanationSection("Host", [
            sources.Line("HttpsRedirect", Redirect(configuration, request), "Gateway:HttpsRedirect"),
            sources.Line("AllowedHosts", Words.List(configuration.AllowedHosts, "all"), "AllowedHosts"),
            sources.Line("Maintenance", (result.Watch.MaintenanceFile is null ? "off: there is no file " : "ON: there is a file ") + maintenanceFile, "Gateway:Maintenance")]);
    }

    private static IEnumerable<ExplanationLine> Tls(GatewayConfiguration configuration, Sources sources, string own, ExplainedRequest request, RehearsedRequest result)
    {
        yield return new("Server name", IPAddress.TryParse(request.Host, out _) ? "none: an address is asked for" : request.Host, "the URL");
        if (result.Certificate is { } certificate && result.Served?.Origin != RehearsedCertificates.StandIn)
        {
            var names = result.Served is { } served ? Words.List(served.Names, "no names") : certificate.Subject;
            var until = certificate.NotAfter.ToUniversalTime().ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);
            yield return new("Certificate", $"{names}, until {until}", CertificateSource(configuration, sources, own, result));
        }

        foreach (var note in result.CertificateNotes)
        {
            yield return new("Certificate", note, "");
        }

        yield return sources.Line("StrictSni", Words.Flag(configuration.Gateway.StrictSni), "Gateway:StrictSni");
        yield return new("SslProtocols", Values(configuration, own + "SslProtocols") ?? Values(configuration, "Kestrel:EndpointDefaults:SslProtocols") ?? "Tls12, Tls13",
            sources.OfFirst(own + "SslProtocols", "Kestrel:EndpointDefaults:SslProtocols"));
        yield return new("ClientCertificateMode", configuration.Root[own + "ClientCertificateMode"] ?? configuration.Root["Kestrel:EndpointDefaults:ClientCertificateMode"] ?? "NoCertificate",
            sources.OfFirst(own + "ClientCertificateMode", "Kestrel:EndpointDefaults:ClientCertificateMode"));
        yield return sources.Line("HandshakeTimeout", Words.Span(configuration.Gateway.Limits.HandshakeTimeout), "Gateway:Limits:HandshakeTimeout");
    }

    private static string CertificateSource(GatewayConfiguration configuration, Sources sources, string own, RehearsedRequest result) =>
        result.Served is not { } served ? sources.OfFirst(own + "Sni", own + "Certificate")
        : served.Source == Certificates.CertificateSource.File && configuration.Certificates.FirstOrDefault(c => c.Path == served.Origin) is { } file ? $"{file.Location}: {file.Path}"
        : served.Source == Certificates.CertificateSource.Acme ? $"automatic, from {served.Origin}: {sources.Of("LettuceEncrypt:DomainNames")}"
        : "the local CA";

    private static string? Values(GatewayConfiguration configuration, string path) =>
        configuration.Root.GetSection(path).GetChildren().Select(child => child.Value).OfType<string>().ToArray() is { Length: > 0 } values ? string.Join(", ", values) : null;

    private static string Redirect(GatewayConfiguration configuration, ExplainedRequest request) =>
        !configuration.Gateway.HttpsRedirect ? "off"
        : configuration.RedirectPort is not { } port ? "on, but there is no https endpoint"
        : string.Create(CultureInfo.InvariantCulture, $"on: plain HTTP is sent to https, port {port}{(request.IsHttps ? "; this is https already" : "")}");
}
