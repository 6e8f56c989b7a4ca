using System.Buffers;
using System.Collections.Frozen;

namespace Gateway.Boundary;

/// <summary>The headers by which a client could claim to be somebody else or to ask for something else than the gateway has seen.</summary>
internal static class ForgeableHeaders
{
    // Who the client is, in the words of all the proxies that there are.
    private static readonly string[] Identity =
    [
        "Forwarded", "X-Real-IP", "X-Client-IP", "X-Cluster-Client-IP", "X-Remote-IP", "X-Remote-Addr", "X-Remote-User", "X-Originating-IP", "X-ProxyUser-IP",
        "X-Original-For", "X-Original-Proto", "X-Original-Host", "X-Original-Forwarded-For", "X-Azure-ClientIP", "X-Envoy-External-Address", "X-Forwarded", "X-Host",
        "X-HTTP-Host-Override", "X-ARR-ClientCert", "X-Client-Cert", "Client-Cert", "Client-Cert-Chain", "Client-IP", "True-Client-IP",
        "CF-Connecting-IP", "CF-Connecting-IPv6", "Fastly-Client-IP", "Forwarded-For", "Remote-Addr", "Remote-User", "Remote-Host",
        "Remote-Name", "Remote-Email", "Remote-Groups", "X-Remote-Host", "X-Real-Port", "X-Real-Host", "X-Real-Proto", "X-Forwarder-For", "X-Forward-For",
        "X-Original-Remote-Addr", "X-Originally-Forwarded-For", "X-Appengine-User-IP", "X-ProxyUser-Groups", "X-Scheme", "X-Url-Scheme", "Front-End-Https",
        "X-Authenticated-User", "X-Authenticated-Userid", "X-Authenticated-Groups", "X-Authenticated-Scope", "X-MS-Client-Principal",
    ];

    // What is asked for. "Proxy" becomes the variable HTTP_PROXY in CGI-like services (CVE-2016-5385).
    private static readonly string[] Meaning =
    [
        "X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override", "X-Original-URL", "X-Original-URI", "X-Rewrite-URL", "X-Override-URL", "Request-URI", "Proxy",
        "X-Middleware-Subrequest", // Next.js skips its own checks of access (CVE-2025-29927)
        "X-Sendfile-Type", "X-Accel-Mapping", "X-Accel-Internal", // Rack would have files sent (CVE-2025-61780)
    ];

    // Nobody's, written with underscores or the like: CGI-like services read Content_Length and Content-Length as the same variable.
    private static readonly string[] OnlyAsTwin = ["Host", "Content-Length", "X-Content-Length", "Transfer-Encoding", "Connection", "Upgrade", "Authorization", "Cookie"];

    private static readonly string[] Families = ["X-Forwarded-", "X-SSL-", "SSL-Client-", "X-Client-Cert-", "X-Auth-Request-", "X-WebAuth-", "X-MS-Client-Principal-", "X-Envoy-", "X-Authenticated-"];

    // Of a token (RFC 9110 section 5.6.2), but for the hyphen.
    private static readonly SearchValues<char> OtherPunctuation = SearchValues.Create("_.!#$%&'*+^`|~");

    private static readonly FrozenSet<string> Names = Identity.Concat(Meaning).ToFrozenSet(StringComparer.OrdinalIgnoreCase);

    private static readonly FrozenSet<string> Twins = Names.Concat(OnlyAsTwin).ToFrozenSet(StringComparer.OrdinalIgnoreCase);

    /// <summary>Whether a client's header with this name must not reach a service.</summary>
    public static bool Contains(string name)
    {
        if (!name.AsSpan().ContainsAny(OtherPunctuation))
        {
            return Names.Contains(name) || IsOfFamily(name);
        }

        var twin = string.Create(name.Length, name, static (twin, name) => name.AsSpan().ReplaceAny(twin, OtherPunctuation, '-'));
        return Twins.Contains(twin) || IsOfFamily(twin);
    }

    private static bool IsOfFamily(string name)
    {
        // Most names begin with none of their letters.
        if (name is not ['x' or 'X' or 's' or 'S', ..])
        {
            return false;
        }

        foreach (var family in Families)
        {
            if (name.StartsWith(family, StringComparison.OrdinalIgnoreCase))
            {
                return true;
            }
        }

        return false;
    }
}
