using System.Diagnostics.CodeAnalysis;
using System.Net;
using System.Net.Sockets;

namespace Gateway.Configuration;

/// <summary>Ranges of addresses.</summary>
internal static class Networks
{
    /// <summary>Whether one of them holds the address; an IPv4 address may come as a dual-stack socket reports it.</summary>
    public static bool Covers(this IReadOnlyList<IPNetwork> networks, IPAddress address)
    {
        if (networks.Count == 0)
        {
            return false;
        }

        var unmapped = Unmapped(address);
        for (var i = 0; i < networks.Count; i++)
        {
            if (networks[i].Contains(unmapped))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Reads an address in the one form that everybody reads alike. <see cref="IPAddress"/> also takes <c>1</c>, <c>127.1</c>,
    /// <c>0x7f000001</c> and <c>[::1]:80</c>; nobody means those.</summary>
    public static bool TryParseAddress(string text, [NotNullWhen(true)] out IPAddress? address) =>
        IPAddress.TryParse(text, out address)
        && (address.AddressFamily == AddressFamily.InterNetwork ? address.ToString() == text : text[0] != '[' && !text.Contains('%', StringComparison.Ordinal));

    /// <summary>A dual-stack socket reports IPv4 peers as ::ffff:192.0.2.1; this is 192.0.2.1.</summary>
    public static IPAddress Unmapped(IPAddress address) => address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;
}
