namespace Gateway.Import.Nginx;

/// <summary>All that servers listen on, as Kestrel's endpoints.</summary>
internal static class EndpointTranslator
{
    public static void Translate(IReadOnlyList<NginxServer> servers, ImportContext context)
    {
        var all = servers.SelectMany(s => s.Listens.Select(l => (Server: s, Listen: l))).ToArray();
        // https first: the first one is where plain HTTP is redirected to.
        foreach (var group in all.GroupBy(x => x.Listen.IsSocket ? x.Listen.Address : x.Listen.Port.ToString(System.Globalization.CultureInfo.InvariantCulture))
            .OrderByDescending(g => g.Any(x => x.Listen.IsTls)).ThenBy(g => g.First().Listen.Port is 443 or 80 ? 0 : g.First().Listen.Port))
        {
            var isTls = group.First().Listen.IsTls;
            foreach (var other in group.Where(x => x.Listen.IsTls != isTls && x.Listen.Directive is not null))
            {
                context.Report.Refuse(other.Listen.Directive!, $"port {other.Listen.Port} is {(isTls ? "https" : "http")} at another server, and a port is either");
            }

            var addresses = Addresses([.. group.Where(x => x.Listen.IsTls == isTls).Select(x => x.Listen)], context.Report);
            foreach (var address in addresses)
            {
                var (scheme, port) = (isTls ? "https" : "http", group.First().Listen.Port);
                var url = address.StartsWith("unix:", StringComparison.Ordinal) ? $"{scheme}://{address}" : $"{scheme}://{address}:{port}";
                context.Output.Endpoints.Add(new ImportedEndpoint(Name(scheme, port, context), url, string.Join(", ", group.Select(x => x.Listen.Directive?.Place.Short).OfType<string>().Distinct().Take(4)))
                {
                    SslProtocols = isTls ? CertificateTranslator.Protocols(group.First().Server, context.Report) : [],
                });
            }
        }
    }

    private static string Name(string scheme, int port, ImportContext context)
    {
        var name = port is 443 or 80 or 0 ? scheme : $"{scheme}-{port}";
        var unique = name;
        for (var i = 2; context.Output.Endpoints.Any(e => e.Name == unique); i++)
        {
            unique = $"{name}-{i}";
        }

        return unique;
    }

    private static string[] Addresses(IReadOnlyList<NginxListen> listens, ImportReport report)
    {
        string[] addresses = [.. listens.Select(l => l.Address).Distinct()];
        var (v4, v6) = (addresses.Contains("0.0.0.0"), addresses.Contains("[::]"));
        if (!v4 && !v6)
        {
            return addresses;
        }

        foreach (var specific in listens.Where(l => !l.IsAnyAddress && l.Directive is not null))
        {
            report.Change(specific.Directive!, "another server listens on all addresses of this port, and so do the routes of this one");
        }

        if (v6 && !v4)
        {
            foreach (var listen in listens.Where(l => l.Directive is not null))
            {
                report.Change(listen.Directive!, "IPv4 as well: Kestrel takes both at [::]");
            }
        }

        return [v6 ? "*" : "0.0.0.0"];
    }
}
