using System.Globalization;

namespace Gateway.Import.Nginx;

/// <summary><c>return</c>, and <c>rewrite</c> that ends in a redirect: routes that answer by themselves.</summary>
internal static class AnswerTranslator
{
    /// <summary>Null where it cannot be kept, which is then reported.</summary>
    public static ImportedRoute? Return(NginxDirective directive, string path, string name, NginxServer server, IReadOnlyList<string> groups, ImportReport report)
    {
        var (status, text) = directive.Arguments switch
        {
            [var only] when !int.TryParse(only, NumberStyles.None, CultureInfo.InvariantCulture, out _) => (302, only),
            [var code, ..] when int.TryParse(code, NumberStyles.None, CultureInfo.InvariantCulture, out var number) => (number, directive.Arguments.ElementAtOrDefault(1)),
            _ => (0, null),
        };
        var route = new ImportedRoute { Name = name, Path = path, Status = status, Comment = ServerRoutes.Origin(directive) };
        if (status is 301 or 302 or 303 or 307 or 308 && text is not null)
        {
            if (RedirectTarget.Translate(text, server, groups) is not { } target)
            {
                report.Refuse(directive, RedirectTarget.WhatToDo);
                return null;
            }

            route.Redirect = target;
            if (target.StartsWith('/'))
            {
                report.Change(directive, "Location without scheme and host, which every client understands");
            }
            else
            {
                report.Change(directive, "without nginx's page, which nobody sees");
            }

            return route;
        }

        if (status == 444)
        {
            route.Status = 403;
            report.Change(directive, "403; nginx closes the connection without an answer");
            return route;
        }

        if (status is < 200 or > 599)
        {
            report.Refuse(directive, "no status that can be answered");
            return null;
        }

        if (text is { Length: > 0 })
        {
            if (NginxValue.HasVariables(text))
            {
                report.Refuse(directive, "a text with variables is not supported: write a fixed one in the route's Metadata:Text");
                return null;
            }

            route.Text = text;
            report.Change(directive, "as text/plain");
        }
        else if (status >= 400)
        {
            report.Change(directive, "with the gateway's own error page");
        }
        else
        {
            report.Keep(directive);
        }

        return route;
    }

    /// <summary>Null where the rewrite is none that redirects, or cannot be kept.</summary>
    public static ImportedRoute? Rewrite(NginxDirective directive, string name, NginxServer server, ImportReport report)
    {
        if (directive.Arguments is not [var pattern, var replacement, ..] || !IsRedirect(directive))
        {
            return null;
        }

        var withQuery = !replacement.EndsWith('?') && !replacement.Contains("$request_uri", StringComparison.Ordinal) && !replacement.Contains("$args", StringComparison.Ordinal);
        if (RegexPath.Template(pattern) is not { } match
            || RedirectTarget.Translate(replacement.TrimEnd('?'), server, match.Groups) is not { } target
            || (withQuery && target.Contains('?', StringComparison.Ordinal)))
        {
            report.Refuse(directive, "this expression cannot be written as a path: make a route with a Path such as /old/{**rest} and the Redirect /new/{rest}");
            return null;
        }

        if (match.Template == "/{**rest}")
        {
            target = target.Replace("/{rest}", "{path}", StringComparison.Ordinal);
        }

        report.Change(directive, target.StartsWith('/') ? "in any case of letters; Location without scheme and host" : "in any case of letters");
        return new ImportedRoute
        {
            Name = name,
            Path = match.Template,
            Status = directive.Arguments.Contains("permanent") ? 301 : 302,
            Redirect = target + (withQuery ? "{query}" : ""),
            Comment = ServerRoutes.Origin(directive),
        };
    }

    public static bool IsRedirect(NginxDirective rewrite) =>
        rewrite.Arguments.ElementAtOrDefault(2) is "permanent" or "redirect"
        || rewrite.Arguments.ElementAtOrDefault(1) is { } target && (target.StartsWith("http://", StringComparison.Ordinal) || target.StartsWith("https://", StringComparison.Ordinal) || target.StartsWith("$scheme://", StringComparison.Ordinal));
}
