namespace Gateway.Import.Nginx;

/// <summary>What a server answers by itself, whatever location the path would have.</summary>
internal sealed class ServerAnswers(ImportContext context, NginxServer server, ServerRoutes routes)
{
    /// <summary>What the server says for all paths; true when it is an answer, so that no location is ever asked.</summary>
    public bool Translate()
    {
        var report = context.Report;
        foreach (var directive in server.Scope.Directives)
        {
            switch (directive.Name)
            {
                case "return":
                    if (AnswerTranslator.Return(directive, "/{**rest}", routes.NameOf("web"), server, [], report) is { } answer)
                    {
                        routes.Add(answer, RouteRank.Prefix, directive);
                    }

                    foreach (var location in server.Scope.Own("location"))
                    {
                        report.ChangeAll(location, "left out: the server's 'return' answers before it");
                    }

                    return true;
                case "rewrite" when AnswerTranslator.IsRedirect(directive):
                    if (AnswerTranslator.Rewrite(directive, routes.NameOf("moved"), server, report) is { } moved)
                    {
                        routes.Add(moved, RouteRank.Server, directive);
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
            && AnswerTranslator.Return(answer, "/{**rest}", routes.NameOf(UpstreamTranslator.Sanitize(host)), server, [], context.Report) is { } route)
        {
            route.Hosts = [host];
            routes.Add(route, RouteRank.Server, condition);
            context.Report.Keep(condition, "as a route for this host");
        }
        else
        {
            context.Report.RefuseAll(condition, "conditions are not supported: routes can ask for Hosts, Methods, Headers and QueryParameters in their Match");
        }
    }
}
