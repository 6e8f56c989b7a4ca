namespace Gateway.Import.Nginx;

/// <summary>One server's locations as routes.</summary>
internal sealed class ServerTranslator(ImportContext context, NginxServer server, AccessTranslator access, ServerRoutes routes, ProxyTranslator proxy)
{

    public IReadOnlyList<RankedRoute> Translate()
    {
        var scope = server.Scope;
        if (!new ServerAnswers(context, server, routes).Translate())
        {
            var locations = NginxLocation.Read(scope);
            foreach (var location in locations.Where(l => l.Kind != LocationKind.Named))
            {
                Translate(location, locations);
            }

            // Directives of the server itself serve what no location takes.
            if (!locations.Any(l => l is { Pattern: "/", Kind: LocationKind.Prefix or LocationKind.FinalPrefix }) && NamedFallback(scope, locations) is { } named)
            {
                proxy.Translate(new NginxLocation(LocationKind.Prefix, "/", false, scope, null), named, "/{**rest}", RouteRank.Prefix);
            }

            foreach (var named2 in locations.Where(l => l.Kind == LocationKind.Named && !context.Report.IsSaid(l.Directive)))
            {
                context.Report.RefuseAll(named2.Directive, "left out: nothing that was imported leads to it");
            }
        }

        context.Report.Keep(server.Block);
        return routes.All;
    }

    private void Translate(NginxLocation location, IReadOnlyList<NginxLocation> all)
    {
        var (report, scope, directive) = (context.Report, location.Scope, location.Directive);
        foreach (var condition in scope.Own("if"))
        {
            Condition(condition, scope);
        }

        var hasTwin = location.Kind is LocationKind.Prefix or LocationKind.FinalPrefix && all.Any(l => l != location && l.Kind is LocationKind.Prefix or LocationKind.FinalPrefix && l.Pattern == location.Pattern + "/");
        var rank = Rank(location, all);
        var template = LocationPath.Template(location, hasTwin, AccessTranslator.IsGuarded(scope) || scope.Own("internal").Any(), out var difference);
        if (template is not null && scope.Own("proxy_pass").FirstOrDefault()?.First.Contains("$1", StringComparison.Ordinal) == true)
        {
            template = null;
        }

        if (template is null)
        {
            if (!TranslateGroups(location))
            {
                report.RefuseAll(directive, "its path cannot be written as a route: write one by hand with a Path template that takes the same requests");
            }

            return;
        }

        if (difference is not null)
        {
            report.Change(directive, difference);
        }

        foreach (var rewrite in scope.Own("rewrite").Where(AnswerTranslator.IsRedirect))
        {
            if (AnswerTranslator.Rewrite(rewrite, routes.NameOf(LocationPath.Name(location) + "-moved"), server, report) is { } moved)
            {
                // An expression for every path holds within its location only.
                var isForAll = moved.Path == "/{**rest}";
                moved.Path = isForAll ? template : moved.Path;
                routes.Add(moved, isForAll ? rank : RouteRank.Exact, rewrite);
                report.Keep(directive);
            }
        }

        if (scope.Own("internal").FirstOrDefault() is { } inside)
        {
            // For requests that other directives make; a client gets 404.
            routes.Add(new ImportedRoute { Name = routes.NameOf(LocationPath.Name(location)), Path = template, Status = 404, Comment = ServerRoutes.Origin(directive) }, rank, directive);
            report.Change(directive, "404 for clients, as with nginx; nothing in the gateway asks for it from inside");
            report.Keep(inside);
            foreach (var unused in scope.Directives.Where(d => !report.IsSaid(d)))
            {
                report.ChangeAll(unused, "left out: clients never get there");
            }
        }
        else if (scope.Own("return").FirstOrDefault() is { } answer)
        {
            if (AnswerTranslator.Return(answer, template, routes.NameOf(LocationPath.Name(location)), server, [], report) is { } route)
            {
                routes.Add(route, rank, directive);
                report.Keep(directive);
            }
            else
            {
                report.Refuse(directive, "left out: its 'return' is not supported");
            }
        }
        else if (access.LetsNobodyIn(scope) && scope.Find("satisfy") is not { First: "any" })
        {
            routes.Add(new ImportedRoute { Name = routes.NameOf(LocationPath.Name(location)), Path = template, Status = 403, Comment = ServerRoutes.Origin(directive) }, rank, directive);
            report.Keep(directive);
            foreach (var unused in scope.Directives.Where(d => !report.IsSaid(d) && d.Name is "proxy_pass" or "root" or "alias" or "try_files"))
            {
                report.Change(unused, "left out: nobody gets there");
            }
        }
        else if (scope.Own("proxy_pass").Any() || scope.Own("grpc_pass").Any())
        {
            proxy.Translate(location, scope, template, rank);
        }
        else if (NamedFallback(scope, all) is { } named)
        {
            proxy.Translate(location, named, template, rank);
        }
        else if (routes.AreOnly && location is { Pattern: "/", Kind: LocationKind.Prefix } && !routes.All.Any(r => r.Route.Path == template) && StaticSite.TryTranslate(scope, context, access))
        {
            report.Keep(directive);
        }
        else if (!scope.Own("rewrite").Any(AnswerTranslator.IsRedirect))
        {
            proxy.LeaveOut(location, template, rank);
        }
    }

    private void Condition(NginxDirective condition, NginxScope scope)
    {
        if (HttpsRedirection.IsCondition(condition, server))
        {
            context.Report.ChangeAll(condition, "308, which keeps method and body: Gateway:HttpsRedirect, on by default");
        }
        else
        {
            var isPreflight = string.Join(' ', condition.Arguments).Contains("$request_method", StringComparison.Ordinal) && scope.Block is not null;
            context.Report.RefuseAll(condition, isPreflight
                ? "conditions are not supported: let the service answer such requests, CORS preflights for example, or make a route with Match:Methods"
                : "conditions are not supported: routes can ask for Hosts, Methods, Headers and QueryParameters in their Match");
        }
    }

    // ^~ ends the search; what lies below such a path must come before it.
    private static RouteRank Rank(NginxLocation location, IReadOnlyList<NginxLocation> all) => location.Kind switch
    {
        LocationKind.Exact or LocationKind.FinalPrefix => RouteRank.Exact,
        LocationKind.Regex => RouteRank.Regex,
        _ => all.Any(l => l.Kind == LocationKind.FinalPrefix && location.Pattern.StartsWith(l.Pattern, StringComparison.Ordinal)) ? RouteRank.Exact : RouteRank.Prefix,
    };

    /// <summary>The named location that takes what is no file: <c>try_files $uri @app</c>.</summary>
    private NginxScope? NamedFallback(NginxScope scope, IReadOnlyList<NginxLocation> all)
    {
        if (scope.Own("try_files").LastOrDefault() is not { } tryFiles || all.FirstOrDefault(l => l.Kind == LocationKind.Named && l.Pattern == tryFiles.Last) is not { } named)
        {
            return null;
        }

        if (!named.Scope.Own("proxy_pass").Any())
        {
            return null;
        }

        context.Report.Refuse(tryFiles, $"files are not looked for: every request goes to {named.Pattern}; have the application serve them, or route their paths to a file server");
        context.Report.Keep(named.Directive);
        return named.Scope;
    }

    /// <summary>Regular expressions whose groups the address uses.</summary>
    private bool TranslateGroups(NginxLocation location)
    {
        if (location.Kind != LocationKind.Regex || location.Parent is not null || RegexPath.Template(location.Pattern) is not { } match || access.LetsNobodyIn(location.Scope))
        {
            return false;
        }

        var report = context.Report;
        var name = routes.NameOf(LocationPath.Name(location));
        if (location.Scope.Own("return").FirstOrDefault() is { } answer)
        {
            if (AnswerTranslator.Return(answer, match.Template, name, server, match.Groups, report) is not { } route)
            {
                return false;
            }

            report.Change(location.Directive, "in any case of letters");
            routes.Add(route, RouteRank.Regex, location.Directive);
            return true;
        }

        if (location.Scope.Own("proxy_pass").FirstOrDefault() is not { } pass
            || pass.First.Replace("$is_args$args", "", StringComparison.Ordinal).Split('/', 4) is not [var scheme, "", var authority, var path])
        {
            return false;
        }

        for (var i = 0; i < match.Groups.Count; i++)
        {
            path = path.Replace($"${i + 1}", match.Groups[i].Replace("{rest}", "{**rest}", StringComparison.Ordinal), StringComparison.Ordinal);
        }

        if (path.Contains('$', StringComparison.Ordinal) || !RegexPath.IsUsable("/" + path))
        {
            return false;
        }

        var before = routes.All.Count;
        var plain = new NginxDirective(pass.Name, [$"{scheme}//{authority}"], pass.Place, null);
        var scope = new NginxScope(location.Directive, location.Scope.Directives.Select(d => d == pass ? plain : d), location.Scope.Outer);
        proxy.Translate(location with { Scope = scope }, scope, match.Template, RouteRank.Regex);
        if (routes.All.Count > before && routes.All[^1].Route.Cluster is not null)
        {
            routes.All[^1].Route.Transforms.Insert(0, new JsonText().Add("PathPattern", "/" + path));
            report.Change(location.Directive, "in any case of letters");
            report.Change(pass, "as a PathPattern; the path is encoded anew");
            return true;
        }

        return false;
    }
}
