namespace Gateway.Import.Nginx;

/// <summary>One server's locations as routes.</summary>
internal sealed class ServerTranslator(ImportContext context, NginxServer server, UpstreamTranslator upstreams, AccessTranslator access, bool hstsIsGlobal, bool isOnly)
{
    private const string NoFiles = "files come from one folder only, for requests that no route takes (Gateway:StaticFiles): have the application serve these, or a file server on 127.0.0.1 that this path is routed to";

    private readonly List<RankedRoute> _routes = [];

    public IReadOnlyList<RankedRoute> Translate()
    {
        var scope = server.Scope;
        if (!ServerAnswers())
        {
            var locations = NginxLocation.Read(scope);
            foreach (var location in locations.Where(l => l.Kind != LocationKind.Named))
            {
                Translate(location, locations);
            }

            // Directives of the server itself serve what no location takes.
            if (!locations.Any(l => l is { Pattern: "/", Kind: LocationKind.Prefix or LocationKind.FinalPrefix }) && NamedFallback(scope, locations) is { } named)
            {
                Proxy(new NginxLocation(LocationKind.Prefix, "/", false, scope, null), named, "/{**rest}", RouteRank.Prefix);
            }

            foreach (var named2 in locations.Where(l => l.Kind == LocationKind.Named && !context.Report.IsSaid(l.Directive)))
            {
                context.Report.RefuseAll(named2.Directive, "left out: nothing that was imported leads to it");
            }
        }

        context.Report.Keep(server.Block);
        return _routes;
    }

    /// <summary>For the comment: place and text, as <c>site:12  location /api/</c>.</summary>
    public static string Origin(NginxDirective directive) => $"{directive.Place.Short}  {directive.ToString().TrimEnd('{', ' ')}";

    private string RouteName(string name) => isOnly ? name : name == "web" ? server.Title : $"{server.Title}-{name}";

    private void Add(ImportedRoute route, RouteRank rank, NginxDirective source)
    {
        var name = route.Name;
        for (var i = 2; _routes.Any(r => r.Route.Name.Equals(route.Name, StringComparison.OrdinalIgnoreCase)); i++)
        {
            route.Name = $"{name}-{i}";
        }

        _routes.Add(new RankedRoute(route, rank, source));
    }

    /// <summary>What the server says for all paths; true when it is an answer, so that no location is ever asked.</summary>
    private bool ServerAnswers()
    {
        var report = context.Report;
        foreach (var directive in server.Scope.Directives)
        {
            switch (directive.Name)
            {
                case "return":
                    if (AnswerTranslator.Return(directive, "/{**rest}", RouteName("web"), server, [], report) is { } answer)
                    {
                        Add(answer, RouteRank.Prefix, directive);
                    }

                    foreach (var location in server.Scope.Own("location"))
                    {
                        report.ChangeAll(location, "left out: the server's 'return' answers before it");
                    }

                    return true;
                case "rewrite" when AnswerTranslator.IsRedirect(directive):
                    if (AnswerTranslator.Rewrite(directive, RouteName("moved"), server, report) is { } moved)
                    {
                        Add(moved, RouteRank.Server, directive);
                    }

                    break;
                case "rewrite":
                    report.Refuse(directive, "a rewrite for all locations is not supported: give the routes concerned path transforms (PathRemovePrefix, PathPrefix, PathPattern)");
                    break;
                case "if":
                    Condition(directive);
                    break;
            }
        }

        return false;
    }

    private void Condition(NginxDirective condition)
    {
        var text = string.Join(' ', condition.Arguments).Trim('(', ')', ' ').Replace("\"", "", StringComparison.Ordinal).Replace("'", "", StringComparison.Ordinal);
        if (HttpsRedirection.IsCondition(condition, server))
        {
            context.Report.ChangeAll(condition, "308, which keeps method and body: Gateway:HttpsRedirect, on by default");
        }
        else if (text.Split(' ') is ["$host" or "$http_host", "=", var host] && condition.Content.ToArray() is [{ Name: "return" } answer] && server.Names.Hosts.Contains(host)
            && AnswerTranslator.Return(answer, "/{**rest}", RouteName(UpstreamTranslator.Sanitize(host)), server, [], context.Report) is { } route)
        {
            route.Hosts = [host];
            Add(route, RouteRank.Server, condition);
            context.Report.Keep(condition, "as a route for this host");
        }
        else
        {
            context.Report.RefuseAll(condition, "conditions are not supported: routes can ask for Hosts, Methods, Headers and QueryParameters in their Match");
        }
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
            if (AnswerTranslator.Rewrite(rewrite, RouteName(LocationPath.Name(location) + "-moved"), server, report) is { } moved)
            {
                // An expression for every path holds within its location only.
                var isForAll = moved.Path == "/{**rest}";
                moved.Path = isForAll ? template : moved.Path;
                Add(moved, isForAll ? rank : RouteRank.Exact, rewrite);
                report.Keep(directive);
            }
        }

        if (scope.Own("internal").FirstOrDefault() is { } inside)
        {
            // For requests that other directives make; a client gets 404.
            Add(new ImportedRoute { Name = RouteName(LocationPath.Name(location)), Path = template, Status = 404, Comment = Origin(directive) }, rank, directive);
            report.Change(directive, "404 for clients, as with nginx; nothing in the gateway asks for it from inside");
            report.Keep(inside);
            foreach (var unused in scope.Directives.Where(d => !report.IsSaid(d)))
            {
                report.ChangeAll(unused, "left out: clients never get there");
            }
        }
        else if (scope.Own("return").FirstOrDefault() is { } answer)
        {
            if (AnswerTranslator.Return(answer, template, RouteName(LocationPath.Name(location)), server, [], report) is { } route)
            {
                Add(route, rank, directive);
                report.Keep(directive);
            }
            else
            {
                report.Refuse(directive, "left out: its 'return' is not supported");
            }
        }
        else if (access.LetsNobodyIn(scope) && scope.Find("satisfy") is not { First: "any" })
        {
            Add(new ImportedRoute { Name = RouteName(LocationPath.Name(location)), Path = template, Status = 403, Comment = Origin(directive) }, rank, directive);
            report.Keep(directive);
            foreach (var unused in scope.Directives.Where(d => !report.IsSaid(d) && d.Name is "proxy_pass" or "root" or "alias" or "try_files"))
            {
                report.Change(unused, "left out: nobody gets there");
            }
        }
        else if (scope.Own("proxy_pass").Any() || scope.Own("grpc_pass").Any())
        {
            Proxy(location, scope, template, rank);
        }
        else if (NamedFallback(scope, all) is { } named)
        {
            Proxy(location, named, template, rank);
        }
        else if (isOnly && location is { Pattern: "/", Kind: LocationKind.Prefix } && !_routes.Any(r => r.Route.Path == template) && StaticSite.TryTranslate(scope, context, access))
        {
            report.Keep(directive);
        }
        else if (!scope.Own("rewrite").Any(AnswerTranslator.IsRedirect))
        {
            LeaveOut(location, template, rank);
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

    private void Proxy(NginxLocation location, NginxScope scope, string template, RouteRank rank)
    {
        var report = context.Report;
        if (scope.Own("proxy_pass").FirstOrDefault() is not { } pass)
        {
            report.Refuse(scope.Own("grpc_pass").First(), "write the service as a cluster with HttpRequest:Version 2 and VersionPolicy RequestVersionExact");
            LeaveOut(location, template, rank);
            return;
        }

        if (ProxyTarget.Parse(pass, scope, report, out var whatToDo) is not { } target)
        {
            report.Refuse(pass, whatToDo);
            LeaveOut(location, template, rank);
            return;
        }

        var name = RouteName(LocationPath.Name(location));
        var headers = new RequestHeaders(context, server);
        headers.Read(scope, target, upstreams.IsUpstream(target.Authority));
        if (upstreams.ClusterOf(target, scope, name, headers.WebSockets) is not { } cluster)
        {
            report.Refuse(pass, "none of its addresses can be used");
            LeaveOut(location, template, rank);
            return;
        }

        var route = new ImportedRoute
        {
            Name = name,
            Path = template,
            Cluster = cluster,
            WebSockets = headers.WebSockets,
            Policy = access.PolicyOf(location.Scope, LocationPath.Name(location)),
            MaxRequestBodySize = BodySize(scope),
            Comment = Origin(location.Scope == server.Scope ? pass : location.Directive),
        };
        route.Transforms.AddRange(PathOf(location, scope, target, pass));
        route.Transforms.AddRange(headers.Transforms);
        route.Transforms.AddRange(ResponseHeaders.Read(scope, hstsIsGlobal, report));
        if (scope.Find("proxy_pass_request_headers") is { First: "off" } none)
        {
            route.Transforms.Insert(0, new JsonText().Add("RequestHeadersCopy", false));
            report.Keep(none);
        }

        report.Keep(location.Directive);
        if (headers.Added.Count > 0)
        {
            report.Change(pass, "the service also gets " + string.Join(", ", headers.Added));
        }

        report.Keep(pass);
        LimitMethods(location.Scope, route, rank);
        Add(route, rank, location.Directive);
    }

    private IReadOnlyList<JsonText> PathOf(NginxLocation location, NginxScope scope, ProxyTarget target, NginxDirective pass)
    {
        var report = context.Report;
        foreach (var rewrite in scope.Own("rewrite").Where(r => !AnswerTranslator.IsRedirect(r)))
        {
            if (rewrite.Arguments.ElementAtOrDefault(2) == "break" && PathChange.Prefixes(rewrite) is var (from, to) && target.Path is null && location.Pattern.StartsWith(from.TrimEnd('/'), StringComparison.Ordinal))
            {
                report.Keep(rewrite, "as path transforms");
                return PathChange.Replace(from, false, to, out _);
            }

            report.Refuse(rewrite, "this expression cannot be written as a path: use the route's transforms PathRemovePrefix, PathPrefix or PathPattern");
        }

        if (target.Path is null)
        {
            return [];
        }

        if (target.ReplacesAll)
        {
            return [new JsonText().Add("PathSet", target.Path)];
        }

        if (location.Kind == LocationKind.Regex || scope != location.Scope)
        {
            return [];
        }

        var transforms = PathChange.Replace(location.Pattern, location.Kind == LocationKind.Exact, target.Path, out var difference);
        if (difference is not null)
        {
            report.Change(pass, difference);
        }

        return transforms;
    }

    /// <summary>Regular expressions whose groups the address uses.</summary>
    private bool TranslateGroups(NginxLocation location)
    {
        if (location.Kind != LocationKind.Regex || location.Parent is not null || RegexPath.Template(location.Pattern) is not { } match || access.LetsNobodyIn(location.Scope))
        {
            return false;
        }

        var report = context.Report;
        var name = RouteName(LocationPath.Name(location));
        if (location.Scope.Own("return").FirstOrDefault() is { } answer)
        {
            if (AnswerTranslator.Return(answer, match.Template, name, server, match.Groups, report) is not { } route)
            {
                return false;
            }

            report.Change(location.Directive, "in any case of letters");
            Add(route, RouteRank.Regex, location.Directive);
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

        var before = _routes.Count;
        var plain = new NginxDirective(pass.Name, [$"{scheme}//{authority}"], pass.Place, null);
        var scope = new NginxScope(location.Directive, location.Scope.Directives.Select(d => d == pass ? plain : d), location.Scope.Outer);
        Proxy(location with { Scope = scope }, scope, match.Template, RouteRank.Regex);
        if (_routes.Count > before && _routes[^1].Route.Cluster is not null)
        {
            _routes[^1].Route.Transforms.Insert(0, new JsonText().Add("PathPattern", "/" + path));
            report.Change(location.Directive, "in any case of letters");
            report.Change(pass, "as a PathPattern; the path is encoded anew");
            return true;
        }

        return false;
    }

    private long? BodySize(NginxScope scope)
    {
        if (scope.Find("client_max_body_size") is not { } directive)
        {
            return null;
        }

        if (NginxValue.Size(directive.First) is not { } size)
        {
            context.Report.Refuse(directive, "not a size: the gateway's limit is 100 MB (Gateway:Limits:MaxRequestBodySize)");
            return null;
        }

        context.Report.Keep(directive);
        return size == 0 ? -1 : size;
    }

    /// <summary><c>limit_except GET { deny all; }</c>: other methods are refused, whatever the block would still have let in.</summary>
    private void LimitMethods(NginxScope scope, ImportedRoute route, RouteRank rank)
    {
        if (scope.Own("limit_except").LastOrDefault() is not { } limit)
        {
            return;
        }

        var methods = limit.Arguments.Select(m => m.ToUpperInvariant()).Where(m => m is "GET" or "HEAD" or "POST" or "PUT" or "DELETE" or "OPTIONS" or "PATCH" or "TRACE").ToList();
        if (methods.Contains("GET") && !methods.Contains("HEAD"))
        {
            methods.Add("HEAD");
        }

        if (methods.Count == 0)
        {
            context.Report.RefuseAll(limit, "left out: name the methods in the route's Match:Methods");
            return;
        }

        if (limit.Content.ToArray() is [{ Name: "deny", First: "all" } deny])
        {
            context.Report.Keep(limit);
            context.Report.Keep(deny);
        }
        else
        {
            context.Report.RefuseAll(limit, "other methods get 403 for everybody: make a route with Match:Methods and an AuthorizationPolicy for those who may");
        }

        route.Methods = methods;
        Add(new ImportedRoute { Name = route.Name + "-other-methods", Path = route.Path, Status = 403, Comment = Origin(limit) }, rank, limit);
    }

    /// <summary>A location that nothing can be made of. Where it kept people out, the gateway does so too.</summary>
    private void LeaveOut(NginxLocation location, string template, RouteRank rank)
    {
        var (report, scope) = (context.Report, location.Scope);
        var isGuarded = AccessTranslator.IsGuarded(scope);
        if (isGuarded)
        {
            Add(new ImportedRoute { Name = RouteName(LocationPath.Name(location)), Path = template, Status = 403, Comment = Origin(location.Directive) + ": not imported, and guarded there" }, rank, location.Directive);
        }

        var reason = scope.Directives.FirstOrDefault(d => d.Name.EndsWith("_pass", StringComparison.Ordinal)) is { } pass ? $"left out: see {pass.Name}"
            : scope.Own("stub_status").Any() ? "left out: see stub_status"
            : location.Pattern.Contains(HttpsRedirection.Challenge, StringComparison.Ordinal) ? HttpsRedirection.CertbotAdvice
            : NoFiles;
        report.Refuse(location.Directive, isGuarded ? reason + "; until then 403" : location.Pattern == "/" ? reason : reason + "; until then its requests go where the rest goes");
    }
}
