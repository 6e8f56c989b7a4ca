namespace Gateway.Import.Nginx;

/// <summary>Reads an nginx configuration and writes what the gateway makes of it.</summary>
internal static class NginxImport
{
    /// <exception cref="NginxSyntaxException">nginx would not read it either.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public static (ImportedConfiguration Configuration, ImportReport Report) Read(string path)
    {
        var tree = NginxParser.Read(path);
        var report = new ImportReport(tree);
        var root = new NginxScope(null, NginxDirective.Flatten(tree), null);
        // A file of sites-enabled or conf.d has no http of its own.
        var http = root.Own("http").FirstOrDefault(d => d.Block is not null) is { } block ? root.Inner(block) : root;
        var context = new ImportContext(report, new NginxFiles(path), http);

        // 1. The servers, and what they listen on.
        var servers = Servers(context);
        context.HasHttps = servers.Any(s => s.HasTls);
        EndpointTranslator.Translate(servers, context);
        foreach (var server in servers.Where(s => s.HasTls))
        {
            CertificateTranslator.Translate(server, context);
        }

        // 2. What needs no routes: servers that redirect to HTTPS or refuse unknown names.
        var (plain, content) = Split(servers, context);

        // 3. Routes.
        var hsts = SettingTranslator.Hsts(content, context);
        new RouteAssembly(context, content, plain, hsts).Assemble();

        // 4. What holds for everything.
        SettingTranslator.TrustedProxies(servers, context);
        SettingTranslator.Compression(content, context);
        var limits = new JsonText();
        PromoteBodySize(context, limits);
        SettingTranslator.Limits(content, context, limits);
        if (!limits.IsEmpty)
        {
            context.Output.Settings.Add(("Limits", limits, null));
        }

        context.Output.Title = $"Made by `gateway import nginx` from {Path.GetFileName(path)}; the places in the comments are those of the nginx configuration.";
        UnmappedDirectives.Report(tree, report);
        return (context.Output, report);
    }

    private static List<NginxServer> Servers(ImportContext context)
    {
        var servers = new List<NginxServer>();
        foreach (var block in context.Http.Own("server").Where(d => d.Block is not null))
        {
            var scope = context.Http.Inner(block);
            var listens = NginxListen.Read(scope, context);
            servers.Add(new NginxServer(scope, listens, NginxNames.Read(scope, listens.Any(l => l.IsDefault), context.Report)));
        }

        // Routes hold on every endpoint: a server that only this machine reaches would be open to all.
        var isPublic = servers.Any(s => s.Listens.Any(l => !l.IsLocal));
        foreach (var local in servers.Where(s => isPublic && s.Listens.All(l => l.IsLocal)).ToArray())
        {
            context.Report.RefuseAll(local.Block, "left out: it listens on this machine only, and the gateway's routes hold on every endpoint. Serve it with a gateway.json of its own");
            foreach (var listen in local.Listens.Where(l => l.Directive is not null))
            {
                context.Report.Refuse(listen.Directive!, "left out with its server");
            }

            servers.Remove(local);
        }

        return servers;
    }

    private static (IReadOnlyList<NginxServer> Plain, IReadOnlyList<NginxServer> Content) Split(List<NginxServer> servers, ImportContext context)
    {
        var report = context.Report;
        NginxServer[] refusing = [.. servers.Where(s => servers.Count > 1 && s.Names.IsCatchAll && Refuses(s))];
        NginxServer[] redirecting = [.. servers.Except(refusing).Where(s => context.HasHttps && HttpsRedirection.IsAll(s))];
        var content = servers.Except(refusing).Except(redirecting).ToArray();
        if (refusing.Length > 0 && content.Any(s => s.Names.IsCatchAll))
        {
            (refusing, content) = ([], [.. servers.Except(redirecting)]);
        }

        foreach (var server in refusing)
        {
            Refusing(server, context);
        }

        if (!context.HasHttps)
        {
            return ([], content);
        }

        // Plain HTTP that is served, and not only redirected, switches the redirect off for all.
        var serves = content.Any(s => s.HasPlain && !s.Scope.Own("if").Any(c => HttpsRedirection.IsCondition(c, s)));
        if (serves)
        {
            context.Output.Settings.Add(("HttpsRedirect", false, "Plain HTTP is served as well."));
            return ([], [.. servers.Except(refusing)]);
        }

        foreach (var server in redirecting)
        {
            HttpsRedirection.Report(server, report);
        }

        return (redirecting, content);
    }

    private static bool Refuses(NginxServer server) =>
        server.Scope.Find("ssl_reject_handshake") is { First: "on" }
        || (server.Scope.Own("return").FirstOrDefault() is { } answer && answer.First is "444" or "403" or "404" or "400" or "410" or "421" && !server.Scope.Own("if").Any());

    private static void Refusing(NginxServer server, ImportContext context)
    {
        var report = context.Report;
        if (server.Scope.Own("ssl_reject_handshake").LastOrDefault() is { First: "on" } reject)
        {
            context.Output.Settings.Add(("StrictSni", true, null));
            report.Keep(reject, "Gateway:StrictSni");
        }

        report.Change(server.Block, "other names get 421, because AllowedHosts names those that are served");
        foreach (var answer in server.Scope.Own("return"))
        {
            report.Change(answer, "421");
        }

        foreach (var location in server.Scope.Own("location"))
        {
            report.ChangeAll(location, "left out: the server's 'return' answers before it");
        }
    }

    /// <summary>One limit for all routes stands once.</summary>
    private static void PromoteBodySize(ImportContext context, JsonText limits)
    {
        var routes = context.Output.Routes.Where(r => r.Cluster is not null).ToArray();
        if (routes.Length > 0 && routes.Select(r => r.MaxRequestBodySize).Distinct().ToArray() is [{ } size] && size > 0)
        {
            limits.Add("MaxRequestBodySize", size);
            foreach (var route in routes)
            {
                route.MaxRequestBodySize = null;
            }
        }
    }
}
