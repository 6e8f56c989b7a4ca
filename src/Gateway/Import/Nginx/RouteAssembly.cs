namespace Gateway.Import.Nginx;

/// <summary>Puts the routes of all servers together so that each request goes where nginx would send it: which server first, by name
/// and port, then which location.</summary>
internal sealed class RouteAssembly(ImportContext context, IReadOnlyList<NginxServer> servers, IReadOnlyList<NginxServer> redirecting, bool hstsIsGlobal)
{
    // Room for the locations of one server.
    private const int Tier = 1000;

    private readonly UpstreamTranslator _upstreams = new(context);
    private readonly AccessTranslator _access = new(context);

    public void Assemble()
    {
        AllowHosts();
        foreach (var server in servers)
        {
            Add(server, Translate(server));
        }

        foreach (var server in redirecting)
        {
            if (HttpsRedirection.ToOtherName(server) is var (target, status, source) && !servers.Any(s => s.HasTls && s.SharesNameWith(server)))
            {
                context.Report.Change(source, "in two steps: to HTTPS with 308, and from there to the other name");
                AddUnlessTaken(new ImportedRoute { Name = server.Title, Path = "/{**rest}", Hosts = server.Names.Hosts, Status = status, Redirect = target, Comment = source.Place.Short }, source);
            }
        }
    }

    private IReadOnlyList<RankedRoute> Translate(NginxServer server)
    {
        var routes = new ServerRoutes(server, servers.Count == 1);
        var proxy = new ProxyTranslator(context, server, _upstreams, _access, routes, hstsIsGlobal);
        return new ServerTranslator(context, server, _access, routes, proxy).Translate();
    }

    private bool HasCatchAll => servers.Any(s => s.Names.IsCatchAll || s.Names.Hosts.Count == 0);

    // nginx gives names that nobody has to the first server; nobody who wrote names meant that.
    private void AllowHosts()
    {
        if (HasCatchAll || servers.Count == 0)
        {
            return;
        }

        context.Output.AllowedHosts.AddRange(servers.Concat(redirecting).SelectMany(s => s.Names.Hosts).Distinct());
        foreach (var directive in servers[0].Scope.Own("server_name"))
        {
            context.Report.Change(directive, "other names get 421; nginx gives them to the first server");
        }
    }

    private void Add(NginxServer server, IReadOnlyList<RankedRoute> routes)
    {
        var hosts = Hosts(server);
        var tier = TierOf(server);
        var rules = routes.Count(r => r.Rank == RouteRank.Server);
        var regexes = routes.Count(r => r.Rank == RouteRank.Regex);
        var (rule, regex) = (0, 0);
        foreach (var (route, rank, source) in routes.OrderBy(r => r.Rank))
        {
            route.Hosts = route.Hosts.Count > 0 ? route.Hosts : hosts;
            route.Order = (tier * Tier) + rank switch
            {
                RouteRank.Server => rule++,
                RouteRank.Exact => rules,
                RouteRank.Regex => rules + 1 + regex++,
                _ => regexes == 0 ? rules : rules + regexes + 1,
            };
            AddUnlessTaken(route, source);
        }

        // What it does not have must not go to the next one.
        if (hosts.Count > 0 && !routes.Any(r => r.Route.Path == "/{**rest}" && r.Route.Methods.Count == 0) && servers.Any(s => s != server && TierOf(s) > tier))
        {
            AddUnlessTaken(
                new ImportedRoute { Name = server.Title + "-nothing-else", Path = "/{**rest}", Hosts = hosts, Status = 404, Order = (tier * Tier) + Tier - 1, Comment = $"{server.Block.Place.Short}: what its other routes do not take" },
                server.Block);
        }
    }

    private void AddUnlessTaken(ImportedRoute route, NginxDirective source)
    {
        var routes = context.Output.Routes;
        if (routes.Exists(r => r.Order == route.Order && r.Path.Equals(route.Path, StringComparison.OrdinalIgnoreCase) && r.Methods.Count == 0 == (route.Methods.Count == 0)
            && (r.Hosts.Count == 0 ? route.Hosts.Count == 0 : r.Hosts.Intersect(route.Hosts, StringComparer.OrdinalIgnoreCase).Any())))
        {
            context.Report.Refuse(source, "left out: another one has the same path and host");
            return;
        }

        var name = route.Name;
        for (var i = 2; routes.Exists(r => r.Name.Equals(route.Name, StringComparison.OrdinalIgnoreCase)); i++)
        {
            route.Name = $"{name}-{i}";
        }

        routes.Add(route);
    }

    private IReadOnlyList<string> Hosts(NginxServer server)
    {
        IReadOnlyList<string> names = servers.Count == 1 || server.Names.IsCatchAll ? [] : server.Names.Hosts;
        var others = servers.Where(s => s != server && s.SharesNameWith(server) && !s.Ports.Order().SequenceEqual(server.Ports.Order())).ToArray();
        if (others.Length == 0)
        {
            return names;
        }

        foreach (var directive in server.Scope.Own("server_name"))
        {
            context.Report.Change(directive, "several servers have this name: the port in the request's Host chooses among them");
        }

        return [.. (names.Count > 0 ? names : ["*"]).SelectMany(name => server.Ports.Select(port => $"{name}:{port}"))];
    }

    /// <summary>0 for full names, then wildcards, the longest first, then what has no name.</summary>
    private int TierOf(NginxServer server)
    {
        if (servers.Count == 1)
        {
            return 0;
        }

        var wildcards = servers.Where(s => !s.Names.IsCatchAll).Select(LongestWildcard).Where(length => length > 0).Distinct().OrderDescending().ToList();
        return server.Names.IsCatchAll ? wildcards.Count + 1 : LongestWildcard(server) is > 0 and var length ? wildcards.IndexOf(length) + 1 : 0;
    }

    private static int LongestWildcard(NginxServer server) =>
        server.Names.Hosts.Where(h => h.StartsWith("*.", StringComparison.Ordinal)).Select(h => h.Length).DefaultIfEmpty(0).Max();
}
