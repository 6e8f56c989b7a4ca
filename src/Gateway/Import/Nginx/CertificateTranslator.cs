namespace Gateway.Import.Nginx;

/// <summary>ssl_certificate and what belongs to it.</summary>
internal static class CertificateTranslator
{
    public static void Translate(NginxServer server, ImportContext context)
    {
        var report = context.Report;
        var (certificates, keys) = (server.Scope.All("ssl_certificate"), server.Scope.All("ssl_certificate_key"));
        for (var i = 0; i < certificates.Count; i++)
        {
            var certificate = certificates[i];
            if (keys.ElementAtOrDefault(i) is not { } key)
            {
                report.Refuse(certificate, "has no ssl_certificate_key: add the pair under Gateway:Certificates");
            }
            else if (certificate.First.Contains('$', StringComparison.Ordinal) || certificate.First.StartsWith("data:", StringComparison.Ordinal) || key.First.StartsWith("engine:", StringComparison.Ordinal))
            {
                report.Refuse(certificate, "a path that is only known at run time: name each pair under Gateway:Certificates; the server name chooses among them");
                report.Refuse(key, "see ssl_certificate");
            }
            else
            {
                report.Keep(certificate, File.Exists(context.Files.Resolve(certificate.First)) ? null : "this file is not on this machine: `gateway check` will say so until it is");
                report.Keep(key);
                var (path, keyPath) = (context.Files.Resolve(certificate.First), context.Files.Resolve(key.First));
                if (!context.Output.Certificates.Exists(c => c.Path == path && c.KeyPath == keyPath))
                {
                    if (context.Output.Certificates.Count > 0)
                    {
                        report.Change(certificate, "chosen by the names in the certificates, not by server_name");
                    }

                    context.Output.Certificates.Add(new ImportedCertificate(path, keyPath, certificate.Place.Short));
                }
            }
        }
    }

    /// <summary>TLS versions of an endpoint: those of its first server, as in nginx. Empty for the gateway's own, 1.2 and 1.3.</summary>
    public static IReadOnlyList<string> Protocols(NginxServer server, ImportReport report)
    {
        if (server.Scope.Find("ssl_protocols") is not { } directive)
        {
            return [];
        }

        var names = ServiceTls.Names(directive);
        if (directive.Arguments.Any(a => a is not ("TLSv1.2" or "TLSv1.3")))
        {
            report.Change(directive, "without the versions before TLS 1.2, which browsers have given up");
        }
        else
        {
            report.Keep(directive);
        }

        return names.Count == 1 ? names : [];
    }
}
