namespace Gateway.Import.Nginx;

/// <summary>proxy_ssl_*: TLS to a service.</summary>
internal static class ServiceTls
{
    /// <summary>nginx checks nothing unless told to.</summary>
    public static bool AcceptsAnyCertificate(NginxScope scope, ImportReport report)
    {
        foreach (var name in new[] { "proxy_ssl_certificate", "proxy_ssl_certificate_key" })
        {
            if (scope.Find(name) is { } certificate)
            {
                report.Refuse(certificate, "the gateway shows services no certificate of its own: let them know it by its address or by a header (RequestHeader transform)");
            }
        }

        if (scope.Find("proxy_ssl_name") is { } other)
        {
            report.Refuse(other, "the service's certificate is checked for the host of the request: set Host with a RequestHeader transform");
        }

        if (scope.Find("proxy_ssl_server_name") is { } serverName)
        {
            report.Change(serverName, "a server name is always sent: that of the request's Host");
        }

        if (scope.Find("proxy_ssl_verify") is not { } verify)
        {
            return true;
        }

        report.Keep(verify);
        if (verify.First != "on")
        {
            return true;
        }

        if (scope.Find("proxy_ssl_trusted_certificate") is { } trusted)
        {
            report.Change(trusted, "the system's trust store decides: put this CA there (update-ca-certificates)");
        }

        return false;
    }

    public static IReadOnlyList<string> Protocols(NginxScope scope, ImportReport report)
    {
        if (scope.Find("proxy_ssl_protocols") is not { } directive)
        {
            return [];
        }

        report.Keep(directive);
        return Names(directive);
    }

    /// <summary>As .NET calls them, but for those that nobody can use any more.</summary>
    public static IReadOnlyList<string> Names(NginxDirective directive) =>
        [.. directive.Arguments.Select(a => a switch { "TLSv1.2" => "Tls12", "TLSv1.3" => "Tls13", _ => null }).OfType<string>().Distinct()];
}
