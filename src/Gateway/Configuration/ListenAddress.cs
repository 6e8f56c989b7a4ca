using System.Net;
using System.Net.Sockets;

namespace Gateway.Configuration;

/// <summary>The address of an endpoint as Kestrel understands it, refusing what Kestrel would take for something else: it listens
/// on every address when it does not know the host.</summary>
/// <param name="Addresses">What it listens on; empty for a unix socket or a named pipe.</param>
/// <param name="Socket">The path of a unix socket or name of a pipe; null for TCP.</param>
internal sealed record ListenAddress(bool IsHttps, int Port, IReadOnlyList<IPAddress> Addresses, string? Socket)
{
    /// <summary>The address, or null with what is wrong with it.</summary>
    public static ListenAddress? Parse(string url, out string rule, out string? remedy)
    {
        rule = "must be scheme, address and port";
        remedy = "for example https://*:443";
        BindingAddress address;
        try
        {
            address = BindingAddress.Parse(url);
        }
        catch (Exception e) when (e is FormatException or ArgumentException)
        {
            return null;
        }

        var isHttps = address.Scheme.Equals(Uri.UriSchemeHttps, StringComparison.OrdinalIgnoreCase);
        if (!isHttps && !address.Scheme.Equals(Uri.UriSchemeHttp, StringComparison.OrdinalIgnoreCase))
        {
            return null;
        }

        if (address.PathBase.Length > 0)
        {
            rule = "an address to listen on has no path";
            remedy = "paths belong in ReverseProxy:Routes:NAME:Match:Path";
            return null;
        }

        if (address.IsUnixPipe || address.IsNamedPipe)
        {
            return new ListenAddress(isHttps, 0, [], address.Host);
        }

        if (address.Port is < 0 or > 65535)
        {
            rule = "a port is a number from 1 to 65535";
            return null;
        }

        if (AddressesOf(address.Host) is not { } addresses)
        {
            rule = $"'{QuotedValue.Of(address.Host)}' is neither an IP address nor localhost";
            remedy = "write * for all addresses; which host names are served is said by AllowedHosts";
            return null;
        }

        if (address.Port == 0 && addresses.Count > 1)
        {
            rule = "localhost needs a port";
            remedy = "for a port of the system's choice write 127.0.0.1:0";
            return null;
        }

        return new ListenAddress(isHttps, address.Port, addresses, null);
    }

    /// <summary>Whether the two cannot be listened on at the same time.</summary>
    public bool Overlaps(ListenAddress other) => Socket is not null || other.Socket is not null
        ? Socket == other.Socket
        : Port != 0 && Port == other.Port && Addresses.Any(address => other.Addresses.Any(there => Overlap(address, there)));

    // [::] takes IPv4 as well; 0.0.0.0 takes IPv4 alone.
    private static bool Overlap(IPAddress a, IPAddress b) =>
        a.Equals(b)
        || a.Equals(IPAddress.IPv6Any)
        || b.Equals(IPAddress.IPv6Any)
        || (a.AddressFamily == b.AddressFamily && (a.Equals(IPAddress.Any) || b.Equals(IPAddress.Any)));

    private static IReadOnlyList<IPAddress>? AddressesOf(string host)
    {
        if (host is "*" or "+")
        {
            return [IPAddress.IPv6Any];
        }

        if (host.Equals("localhost", StringComparison.OrdinalIgnoreCase))
        {
            return [IPAddress.Loopback, IPAddress.IPv6Loopback];
        }

        // IPAddress also reads "1" and "127.1"; nobody means those.
        var isWritten = host.Count(c => c == '.') == 3 || (host.StartsWith('[') && host.EndsWith(']'));
        return isWritten && IPAddress.TryParse(host.Trim('[', ']'), out var address) && (address.AddressFamily == AddressFamily.InterNetworkV6) == (host[0] == '[')
            ? [address]
            : null;
    }
}
