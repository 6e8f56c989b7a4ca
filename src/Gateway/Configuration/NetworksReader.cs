using System.Net;

namespace Gateway.Configuration;

/// <summary>Reads a list of addresses and CIDR ranges.</summary>
internal static class NetworksReader
{
    public static IReadOnlyList<IPNetwork> Read(ConfigurationNode? list, ConfigurationErrors errors)
    {
        var networks = new List<IPNetwork>();
        foreach (var entry in list?.Children.Where(child => child.Value is not null) ?? [])
        {
            var slash = entry.Value!.IndexOf('/', StringComparison.Ordinal);
            if (!Networks.TryParseAddress(slash < 0 ? entry.Value : entry.Value[..slash], out var address))
            {
                errors.Add(entry, QuotedValue.Of(entry), "must be an IP address or a CIDR range", "for example 10.0.0.5 or 10.0.0.0/8");
            }
            else if (slash < 0)
            {
                networks.Add(new IPNetwork(address, address.GetAddressBytes().Length * 8));
            }
            else if (!IPNetwork.TryParse(entry.Value, out var network))
            {
                errors.Add(entry, QuotedValue.Of(entry), "is no CIDR range", $"after the slash stands a number from 0 to {address.GetAddressBytes().Length * 8}");
            }
            else if (!network.BaseAddress.Equals(address))
            {
                // 10.0.0.1/8 may have been meant as the one address or as the range.
                errors.Add(entry, QuotedValue.Of(entry), "is an address within a range", $"write {address} or {network}");
            }
            else
            {
                networks.Add(network);
            }
        }

        return networks;
    }
}
