namespace Gateway.Import.Nginx;

/// <summary>A location that passes its requests on, as a route to a cluster; one that nothing can be made of, as none or a closed one.</summary>
internal sealed class ProxyTranslator(
    ImportContext context, NginxServer server, UpstreamTranslator upstreams, AccessTranslator access, ServerRoutes routes, bool hstsIsGlobal)
{
    private const string NoFiles = "files come from one folder only, for requests that no route takes (Gateway:StaticFiles): have the application serve these, or a file server on 127.0.0.1 that this path is routed to";

    public void Translate(NginxLocation location, NginxScope scope, string template, RouteRank rank)
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

        var name = routes.NameOf(LocationPath.Name(location));
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
            Comment = ServerRoutes.Origin(location.Scope == server.Scope ? pass : location.Directive),
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
        routes.Add(route, rank, location.Directive);
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
        routes.Add(new ImportedRoute { Name = route.Name + "-other-methods", Path = route.Path, Status = 403, Comment = ServerRoutes.Origin(limit) }, rank, limit);
    }

    /// <summary>A location that nothing can be made of. Where it kept people out, the gateway does so too.</summary>
    public void LeaveOut(NginxLocation location, string template, RouteRank rank)
    {
        var (report, scope) = (context.Report, location.Scope);
        var isGuarded = AccessTranslator.IsGuarded(scope);
        if (isGuarded)
        {
            routes.Add(new ImportedRoute { Name = routes.NameOf(LocationPath.Name(location)), Path = template, Status = 403, Comment = ServerRoutes.Origin(location.Directive) + ": not imported, and guarded there" }, rank, location.Directive);
        }

        var reason = scope.Directives.FirstOrDefault(d => d.Name.EndsWith("_pass", StringComparison.Ordinal)) is { } pass ? $"left out: see {pass.Name}"
            : scope.Own("stub_status").Any() ? "left out: see stub_status"
            : location.Pattern.Contains(HttpsRedirection.Challenge, StringComparison.Ordinal) ? HttpsRedirection.CertbotAdvice
            : NoFiles;
        report.Refuse(location.Directive, isGuarded ? reason + "; until then 403" : location.Pattern == "/" ? reason : reason + "; until then its requests go where the rest goes");
    }
}
