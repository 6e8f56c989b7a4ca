using Gateway.Configuration;
using Yarp.ReverseProxy.Configuration;

namespace Gateway.Proxying.Services;

/// <summary>
/// What a service is told about the client: X-Real-IP and X-Forwarded-*. Those of a client that has come directly follow from the request, and are put
/// among its headers only on a way that reads them there: in Kestrel's dictionary the four cost a twentieth of a small request.
/// </summary>
internal static class ClientHeaders
{
    public const string RealIp = "X-Real-IP";
    public const string ForwardedFor = "X-Forwarded-For";
    public const string ForwardedProto = "X-Forwarded-Proto";
    public const string ForwardedHost = "X-Forwarded-Host";

    public static IReadOnlyList<string> Names { get; } = [RealIp, ForwardedFor, ForwardedProto, ForwardedHost];

    /// <summary>Whether one of the four decides which route is taken.</summary>
    public static bool AreMatchedBy(IEnumerable<RouteConfig> routes) =>
        routes.SelectMany(route => route.Match.Headers ?? []).Any(header => Names.Contains(header.Name, StringComparer.OrdinalIgnoreCase));

    /// <returns>The client's address; null over a unix socket, which has none: nothing is said then rather than something empty.</returns>
    public static string? ClientOf(HttpContext context) =>
        context.Connection.RemoteIpAddress is { } address ? Networks.Unmapped(address).ToString() : null;

    /// <summary>Puts them among the request's headers, unless they stand there already.</summary>
    public static void Complete(HttpContext context)
    {
        if (!context.Request.Headers.ContainsKey(ForwardedProto))
        {
            Set(context, ClientOf(context));
        }
    }

    /// <param name="context">Has the client's address, scheme and host.</param>
    /// <param name="chain">The client and the proxies that it has come through.</param>
    public static void Set(HttpContext context, string? chain)
    {
        var headers = context.Request.Headers;
        SetOrRemove(headers, RealIp, ClientOf(context));
        SetOrRemove(headers, ForwardedFor, chain);
        headers[ForwardedProto] = context.Request.Scheme;
        SetOrRemove(headers, ForwardedHost, headers.Host); // HttpRequest.Host would be the decoded name where it is punycode
    }

    private static void SetOrRemove(IHeaderDictionary headers, string name, string? value)
    {
        if (string.IsNullOrEmpty(value))
        {
            headers.Remove(name);
        }
        else
        {
            headers[name] = value;
        }
    }
}
