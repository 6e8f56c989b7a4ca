using System.Text.RegularExpressions;

namespace Gateway.Import.Nginx;

/// <summary>Where <c>return 301 ...</c> and <c>rewrite ... permanent</c> send a client, in the words of a route's <c>Redirect</c>.</summary>
internal static partial class RedirectTarget
{
    public const string WhatToDo = "this address cannot be written as a Redirect: let a service answer, or write a route for each address";

    /// <summary>Null where it takes more than the gateway knows.</summary>
    /// <param name="text">With variables.</param>
    /// <param name="server">For <c>$server_name</c>.</param>
    /// <param name="groups">What <c>$1</c>, <c>$2</c> ... stand for.</param>
    public static string? Translate(string text, NginxServer server, IReadOnlyList<string> groups)
    {
        if (text.IndexOfAny(['{', '}', ' ']) >= 0 && !text.Contains("${", StringComparison.Ordinal))
        {
            return null;
        }

        var isKnown = true;
        var target = Word().Replace(text.Replace("$is_args$args", "\u0001", StringComparison.Ordinal).Replace("$is_args$query_string", "\u0001", StringComparison.Ordinal), match =>
        {
            var name = match.Groups[1].Value + match.Groups[2].Value + match.Groups[3].Value;
            var value = name switch
            {
                "scheme" => server.OnlyScheme ?? "{scheme}",
                "host" or "http_host" => "{host}",
                "server_name" when server.Names.Hosts.Count > 0 => server.Names.Hosts[0],
                "request_uri" => "{uri}",
                "uri" or "document_uri" => "{path}",
                _ when name.Length == 1 && name[0] is >= '1' and <= '9' && name[0] - '1' < groups.Count => groups[name[0] - '1'],
                _ => null,
            };
            isKnown &= value is not null;
            return value ?? "";
        }).Replace("\u0001", "{query}", StringComparison.Ordinal).Replace("/{rest}", "/{rest}", StringComparison.Ordinal);
        target = target.Replace("//{rest}", "/{rest}", StringComparison.Ordinal);
        return isKnown && !target.Contains('$', StringComparison.Ordinal) && (target.StartsWith('/') || target.StartsWith("http://", StringComparison.OrdinalIgnoreCase) || target.StartsWith("https://", StringComparison.OrdinalIgnoreCase) || target.StartsWith("{scheme}://", StringComparison.Ordinal))
            ? target
            : null;
    }

    /// <summary>Whether it is the same address with https, which is what <c>Gateway:HttpsRedirect</c> does.</summary>
    public static bool IsSameOverHttps(string target, NginxServer server) =>
        target is "https://{host}{uri}" or "https://{host}{path}{query}" or "https://{host}{path}" or "https://{host}:443{uri}"
        || (server.Names.Hosts is [var only] && target == $"https://{only}{{uri}}");

    /// <summary>Whether it goes to all of another name over HTTPS.</summary>
    public static bool IsOverHttps(string target) => WholeSite().IsMatch(target);

    [GeneratedRegex(@"\$(?:\{([a-z_]+)\}|([a-z_]+)|([0-9]))")]
    private static partial Regex Word();

    [GeneratedRegex(@"^https://[^/]+(\{uri\}|\{path\}(\{query\})?)$")]
    private static partial Regex WholeSite();
}
