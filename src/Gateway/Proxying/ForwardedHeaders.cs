using System.Net;
using Gateway.Configuration;
using Microsoft.Extensions.Primitives;

namespace Gateway.Proxying;

/// <summary>
/// Replaces everything that a client could claim about itself by what the gateway knows: after this step the connection's remote
/// address is the client's, and the X-Forwarded-* and X-Real-IP headers are true.
/// </summary>
internal sealed class ForwardedHeaders(RequestDelegate next, CurrentConfiguration configuration)
{
    private const string RealIp = "X-Real-IP";
    private const string ForwardedFor = "X-Forwarded-For";
    private const string ForwardedProto = "X-Forwarded-Proto";
    private const string ForwardedHost = "X-Forwarded-Host";

    // Besides what is set below. The underscore twins reach CGI-like services as the same variable; the last two travel on a
    // request with both Content-Length and Transfer-Encoding (Kestrel's note) and to services that let a header pick the method.
    private static readonly string[] Removed =
    [
        "Forwarded", "X-Forwarded-Prefix", "X-Forwarded-Port", "X-Forwarded-Server", "X-Forwarded-Ssl", "X-Original-For", "X-Original-Proto",
        "X-Original-Host", "X_Real_IP", "X_Forwarded_For", "X_Forwarded_Proto", "X_Forwarded_Host", "X-Content-Length", "X-HTTP-Method-Override",
    ];

    public Task InvokeAsync(HttpContext context)
    {
        var headers = context.Request.Headers;
        var peer = Unmapped(context.Connection.RemoteIpAddress);
        var chain = peer?.ToString() ?? "";

        var trusted = configuration.Value.Gateway.TrustedProxies;
        if (peer is not null && IsIn(trusted, peer))
        {
            (var client, chain) = ReadChain(headers[ForwardedFor], peer, trusted);
            context.Connection.RemoteIpAddress = client;
            AcceptSchemeAndHost(context.Request);
        }

        foreach (var name in Removed)
        {
            headers.Remove(name);
        }

        // A unix socket has no address: say nothing rather than something empty.
        SetOrRemove(headers, RealIp, Unmapped(context.Connection.RemoteIpAddress)?.ToString());
        SetOrRemove(headers, ForwardedFor, chain);
        headers[ForwardedProto] = context.Request.Scheme;
        SetOrRemove(headers, ForwardedHost, context.Request.Host.Value);
        return next(context);
    }

    /// <summary>Reads the addresses from the right, where the nearest proxy writes, up to the first one that is not trusted:
    /// that is the client, and whatever stands left of it is hearsay.</summary>
    private static (IPAddress Client, string Chain) ReadChain(StringValues header, IPAddress peer, IReadOnlyList<IPNetwork> trusted)
    {
        var entries = header.ToString().Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        var client = peer;
        var first = entries.Length;
        while (first > 0 && IsIn(trusted, client) && TryParseAddress(entries[first - 1], out var address))
        {
            client = address;
            first--;
        }

        return (client, string.Join(", ", [.. entries[first..], peer.ToString()]));
    }

    private static void AcceptSchemeAndHost(HttpRequest request)
    {
        // Each proxy appends: the last value is the one that the trusted peer wrote.
        var proto = Last(request.Headers[ForwardedProto]);
        if (proto is "http" or "https")
        {
            request.Scheme = proto;
        }

        var host = Last(request.Headers[ForwardedHost]);
        if (host is not null && Uri.TryCreate($"http://{host}/", UriKind.Absolute, out var uri) && uri.Authority.Length > 0 && uri.PathAndQuery == "/")
        {
            request.Host = new HostString(host);
        }
    }

    private static string? Last(StringValues header)
    {
        var text = header.ToString();
        var value = text[(text.LastIndexOf(',') + 1)..].Trim();
        return value.Length > 0 ? value : null;
    }

    private static bool TryParseAddress(string entry, out IPAddress address)
    {
        // Some proxies add the port: 192.0.2.1:4711, [2001:db8::1]:4711.
        var isAddress = IPAddress.TryParse(entry, out var parsed)
            || (IPEndPoint.TryParse(entry, out var endpoint) && (parsed = endpoint.Address) is not null);
        address = Unmapped(parsed) ?? IPAddress.None;
        return isAddress;
    }

    private static bool IsIn(IReadOnlyList<IPNetwork> networks, IPAddress address)
    {
        for (var i = 0; i < networks.Count; i++)
        {
            if (networks[i].Contains(address))
            {
                return true;
            }
        }

        return false;
    }

    // A dual-stack socket reports IPv4 peers as ::ffff:192.0.2.1.
    private static IPAddress? Unmapped(IPAddress? address) =>
        address is { IsIPv4MappedToIPv6: true } ? address.MapToIPv4() : address;

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
