namespace Gateway.Import.Nginx;

/// <summary>What a <c>proxy_pass</c> names.</summary>
/// <param name="Scheme">http or https.</param>
/// <param name="Authority">Host with port, or the name of an upstream.</param>
/// <param name="Path">Null where none is written: the request's own is passed on.</param>
/// <param name="ReplacesAll">Whether the path stands for all of the request's, because variables were involved.</param>
internal sealed record ProxyTarget(string Scheme, string Authority, string? Path, bool ReplacesAll)
{
    /// <summary>The target, or null with what to do instead.</summary>
    public static ProxyTarget? Parse(NginxDirective directive, NginxScope scope, ImportReport report, out string whatToDo)
    {
        whatToDo = "its address is only known at run time: write the service's address into a cluster of its own";
        var text = NginxValue.Resolve(directive.First, scope, report);
        var hadVariables = text != directive.First;
        if (hadVariables && text.EndsWith("$request_uri", StringComparison.Ordinal))
        {
            text = text[..^"$request_uri".Length];
        }

        if (NginxValue.HasVariables(text))
        {
            return null;
        }

        var separator = text.IndexOf("://", StringComparison.Ordinal);
        var scheme = separator < 0 ? "" : text[..separator].ToLowerInvariant();
        var rest = separator < 0 ? "" : text[(separator + 3)..];
        if (scheme is not ("http" or "https") || rest.Length == 0)
        {
            whatToDo = "must name an http:// or https:// address";
            return null;
        }

        if (rest.StartsWith("unix:", StringComparison.Ordinal))
        {
            whatToDo = UnixSocket;
            return null;
        }

        var slash = rest.IndexOf('/', StringComparison.Ordinal);
        var (authority, path) = slash < 0 ? (rest, null) : (rest[..slash], rest[slash..]);
        if (path?.IndexOfAny(['?', '#']) >= 0)
        {
            whatToDo = "a query in the address is not supported: add it with a QueryValueParameter transform";
            return null;
        }

        whatToDo = $"'{authority}' is no host with a port";
        return Uri.TryCreate($"{scheme}://{authority}/", UriKind.Absolute, out var url) && url.UserInfo.Length == 0 && url.Host.Length > 0
            ? new ProxyTarget(scheme, authority, path, hadVariables && path is not null)
            : null;
    }

    public const string UnixSocket = "services on a unix socket are not supported: have the service listen on 127.0.0.1 (gunicorn --bind 127.0.0.1:8000, uvicorn --port 8000) and name that address";
}
