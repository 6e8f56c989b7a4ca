using System.Buffers;
using System.Globalization;
using System.Net;
using Gateway.Configuration;
using Gateway.Proxying.Services;
using Microsoft.Extensions.Primitives;

namespace Gateway.Boundary;

/// <summary>
/// Replaces everything that a client could claim about itself by what the gateway knows: after this step the connection's remote
/// address is the client's, and X-Forwarded-* and X-Real-IP are true: those of the trusted proxies now, the others when they are sent (<see cref="ClientHeaders"/>).
/// </summary>
internal sealed class ForwardedHeaders(CurrentConfiguration configuration)
{
    private static readonly SearchValues<char> HostCharacters = SearchValues.Create("-.:[]_0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz");

    // Whether a route wants to see what is written here.
    private Early? _early;

    /// <summary>Learns who the client is, and removes what it has not meant for a service.</summary>
    /// <returns>The client and the trusted proxies that it has come through; null for one that has come directly.</returns>
    public string? Learn(HttpContext context)
    {
        var headers = context.Request.Headers;
        var trusted = configuration.Value.Gateway.TrustedProxies;
        string? chain = null;
        if (context.Connection.RemoteIpAddress is { } address && Networks.Unmapped(address) is var peer && trusted.Covers(peer))
        {
            (context.Connection.RemoteIpAddress, chain) = ReadChain(headers[ClientHeaders.ForwardedFor], peer, trusted);
            AcceptSchemeAndHost(context.Request);
        }

        if (headers.Connection.Count > 0)
        {
            RemoveNominated(headers);
        }

        return chain;
    }

    /// <summary>Puts what is true in the place of what is claimed.</summary>
    /// <param name="context">The request.</param>
    /// <param name="forged">Names of the headers that claim something; null for none.</param>
    /// <param name="chain">As it was learnt.</param>
    public void Replace(HttpContext context, List<string>? forged, string? chain)
    {
        foreach (var name in forged ?? [])
        {
            context.Request.Headers.Remove(name);
        }

        if (chain is not null)
        {
            ClientHeaders.Set(context, chain);
        }
        else if (IsEarly(configuration.Value))
        {
            ClientHeaders.Complete(context);
        }
    }

    private bool IsEarly(GatewayConfiguration current)
    {
        var early = _early;
        if (early is null || !ReferenceEquals(early.Configuration, current))
        {
            _early = early = new Early(current, ClientHeaders.AreMatchedBy(current.Routes));
        }

        return early.IsWanted;
    }

    /// <summary>Headers that Connection names are meant for the next hop, which is the gateway (RFC 9110 section 7.6.1). What the gateway
    /// writes itself comes after, so nobody can have that removed.</summary>
    private static void RemoveNominated(IHeaderDictionary headers)
    {
        foreach (var option in headers.GetCommaSeparatedValues("Connection"))
        {
            if (!IsReadByTheServer(option))
            {
                headers.Remove(option);
            }
        }
    }

    // The handshake of a WebSocket and the framing of the request are settled with them.
    private static bool IsReadByTheServer(ReadOnlySpan<char> option) =>
        option.Equals("close", StringComparison.OrdinalIgnoreCase)
        || option.Equals("keep-alive", StringComparison.OrdinalIgnoreCase)
        || option.Equals("Upgrade", StringComparison.OrdinalIgnoreCase)
        || option.Equals("Host", StringComparison.OrdinalIgnoreCase)
        || option.Equals("Connection", StringComparison.OrdinalIgnoreCase)
        || option.Equals("Content-Length", StringComparison.OrdinalIgnoreCase)
        || option.Equals("Transfer-Encoding", StringComparison.OrdinalIgnoreCase)
        || option.Equals(HeaderRules.UnfollowedContentLength, StringComparison.OrdinalIgnoreCase)
        || option.StartsWith("Sec-WebSocket-", StringComparison.OrdinalIgnoreCase);

    /// <summary>Reads the addresses from the right, where the nearest proxy writes, up to the first one that is not trusted:
    /// that is the client, and whatever stands left of it is hearsay.</summary>
    private static (IPAddress Client, string Chain) ReadChain(StringValues header, IPAddress peer, IReadOnlyList<IPNetwork> trusted)
    {
        var entries = header.ToString().Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        var client = peer;
        var first = entries.Length;
        while (first > 0 && trusted.Covers(client) && TryParseAddress(entries[first - 1], out var address))
        {
            client = address;
            first--;
        }

        return (client, string.Join(", ", [.. entries[first..], peer.ToString()]));
    }

    private static void AcceptSchemeAndHost(HttpRequest request)
    {
        // Each proxy appends: the last value is the one that the trusted peer wrote.
        var proto = Last(request.Headers[ClientHeaders.ForwardedProto]);
        if (proto is "http" or "https")
        {
            request.Scheme = proto;
        }

        var host = Last(request.Headers[ClientHeaders.ForwardedHost]);
        if (host is not null && !host.AsSpan().ContainsAnyExcept(HostCharacters) && Uri.TryCreate($"http://{host}/", UriKind.Absolute, out _))
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
        var isAddress = Networks.TryParseAddress(entry, out var parsed)
            || (entry.LastIndexOf(':') is var colon and > 0 && ushort.TryParse(entry.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out _)
                && (entry[0] == '[') == (entry[colon - 1] == ']') && Networks.TryParseAddress(entry[..colon].Trim('[', ']'), out parsed));
        address = Networks.Unmapped(parsed ?? IPAddress.None);
        return isAddress;
    }

    private sealed record Early(GatewayConfiguration Configuration, bool IsWanted);
}
