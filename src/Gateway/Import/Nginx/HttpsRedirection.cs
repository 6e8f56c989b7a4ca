namespace Gateway.Import.Nginx;

/// <summary>Finds what sends plain HTTP to HTTPS, which the gateway does by itself.</summary>
internal static class HttpsRedirection
{
    private const string By = "308, which keeps method and body: Gateway:HttpsRedirect, on by default";

    public const string Challenge = "/.well-known/acme-challenge";

    public const string CertbotAdvice = "certbot's webroot no longer works, since the path leads to no folder: let the gateway get its certificates itself (LettuceEncrypt:DomainNames), or renew by DNS";

    /// <summary>Whether a server for plain HTTP does nothing else.</summary>
    public static bool IsAll(NginxServer server)
    {
        if (server.HasTls)
        {
            return false;
        }

        var found = false;
        foreach (var directive in server.Scope.Directives)
        {
            switch (directive.Name)
            {
                case "return" or "rewrite" when Target(directive, server) is { } target && RedirectTarget.IsOverHttps(target):
                    return true;
                case "return":
                    return found;
                case "if" when IsCondition(directive, server):
                    found = true;
                    break;
                case "if":
                    return false;
                case "location" when directive.Arguments.Any(a => a.Contains(Challenge, StringComparison.Ordinal)):
                    break;
                case "location":
                    if (!Redirects(directive, server))
                    {
                        return false;
                    }

                    found = true;
                    break;
            }
        }

        return found;
    }

    /// <summary>Whether an <c>if</c> only says that a host, or plain HTTP, goes to HTTPS.</summary>
    public static bool IsCondition(NginxDirective condition, NginxServer server)
    {
        var text = string.Join(' ', condition.Arguments).Trim('(', ')', ' ').Replace("\"", "", StringComparison.Ordinal).Replace("'", "", StringComparison.Ordinal);
        var isPlain = text is "$scheme = http" or "$scheme != https" or "$server_port = 80" or "$https =" or "$https != on" or "$ssl_protocol =";
        return (isPlain || text.StartsWith("$host = ", StringComparison.Ordinal) || text.StartsWith("$http_host = ", StringComparison.Ordinal))
            && (isPlain || !server.HasTls)
            && Redirects(condition, server);
    }

    /// <summary>Where a plain server sends its clients, if that is another name.</summary>
    public static (string Target, int Status, NginxDirective Source)? ToOtherName(NginxServer server) =>
        server.Scope.Directives.SelectMany(d => d.Name == "location" ? d.Content : [d])
            .Where(d => d.Name is "return" or "rewrite")
            .Select(d => (Target: Target(d, server), Status: d.First == "301" || d.Arguments.Contains("permanent") ? 301 : 302, d))
            .Where(found => found.Target is not null && RedirectTarget.IsOverHttps(found.Target) && !RedirectTarget.IsSameOverHttps(found.Target, server))
            .Select(found => ((string, int, NginxDirective)?)(found.Target!, found.Status, found.d))
            .FirstOrDefault();

    public static void Report(NginxServer server, ImportReport report)
    {
        report.Change(server.Block, "no routes of its own: plain HTTP goes to HTTPS by itself");
        foreach (var directive in server.Scope.Directives)
        {
            if (directive.Name == "location" && directive.Arguments.Any(a => a.Contains(Challenge, StringComparison.Ordinal)))
            {
                report.RefuseAll(directive, CertbotAdvice);
            }
            else if (directive.Name is "location" or "if")
            {
                report.ChangeAll(directive, By);
            }
            else if (directive.Name is "return" or "rewrite")
            {
                report.Change(directive, directive.First is "404" or "444" or "403" ? "other names are redirected as well, and then get 421" : By);
            }
        }
    }

    private static bool Redirects(NginxDirective block, NginxServer server) =>
        block.Content.FirstOrDefault(d => d.Name is "return" or "rewrite" or "proxy_pass" or "root" or "alias") is { } first
        && Target(first, server) is { } target && RedirectTarget.IsOverHttps(target);

    private static string? Target(NginxDirective directive, NginxServer server)
    {
        if (directive.Name == "return")
        {
            return directive.Last is { } text && text.Contains("://", StringComparison.Ordinal) ? RedirectTarget.Translate(text, server, []) : null;
        }

        return directive.Name == "rewrite" && directive.Arguments.Count >= 2 && RegexPath.Template(directive.First) is { Template: "/{**rest}" } match
            ? RedirectTarget.Translate(directive.Arguments[1].TrimEnd('?'), server, match.Groups)?.Replace("/{rest}", "{path}", StringComparison.Ordinal)
            : null;
    }
}
