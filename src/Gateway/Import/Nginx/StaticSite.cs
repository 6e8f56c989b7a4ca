namespace Gateway.Import.Nginx;

/// <summary>The built front end of a server that has nothing else at <c>/</c>: root, index and try_files as <c>Gateway:StaticFiles</c>.</summary>
internal static class StaticSite
{
    /// <param name="scope">Of <c>location /</c>.</param>
    /// <param name="context">Gets the setting.</param>
    /// <param name="access">Whoever is kept out stays out.</param>
    /// <returns>False where it is more than that.</returns>
    public static bool TryTranslate(NginxScope scope, ImportContext context, AccessTranslator access)
    {
        var tryFiles = scope.Find("try_files");
        if (scope.Find("root") is not { } root || NginxValue.HasVariables(root.First)
            || scope.Directives.Any(d => d.Name is "alias" or "autoindex" || d.Name.EndsWith("_pass", StringComparison.Ordinal))
            || Fallback(tryFiles) is not { } fallback)
        {
            return false;
        }

        var report = context.Report;
        var files = new JsonText().Add("Root", context.Files.Resolve(root.First));
        if (fallback.Length > 0)
        {
            files.Add("Fallback", fallback);
        }

        if (access.PolicyOf(scope, "files") is { } policy)
        {
            files.Add("AuthorizationPolicy", policy);
        }

        context.Output.Settings.Add(("StaticFiles", files, ServerRoutes.Origin(root)));
        report.Change(root, Directory.Exists(context.Files.Resolve(root.First))
            ? "Gateway:StaticFiles: text is UTF-8, ETags are its own, nosniff, and Cache-Control: no-cache unless its CacheControl says more"
            : "Gateway:StaticFiles; this folder is not on this machine: `gateway check` will say so until it is");
        if (tryFiles is not null)
        {
            report.Change(tryFiles, fallback.Length > 0 ? $"{fallback} for addresses without an extension, and for pages; a script or picture that is missing is 404" : "what is missing is 404");
        }

        foreach (var index in scope.All("index"))
        {
            report.Change(index, "index.html");
        }

        return true;
    }

    /// <summary>Empty for none; null where files are looked for in another way.</summary>
    private static string? Fallback(NginxDirective? tryFiles)
    {
        if (tryFiles is null || tryFiles.Arguments.Count == 0)
        {
            return "";
        }

        var last = tryFiles.Arguments[^1];
        if (tryFiles.Arguments.SkipLast(1).Any(a => a is not ("$uri" or "$uri/" or "$uri/index.html" or "$uri.html")))
        {
            return null;
        }

        return last is "=404" ? "" : last.StartsWith('/') && !NginxValue.HasVariables(last) && last.EndsWith(".html", StringComparison.Ordinal) ? last[1..] : null;
    }
}
