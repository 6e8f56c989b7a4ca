using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;

namespace Gateway.Certificates;

/// <summary>The names and addresses by which this machine is reached, for a certificate of the local authority.</summary>
internal sealed record LocalNames(IReadOnlyList<string> DnsNames, IReadOnlyList<IPAddress> Addresses)
{
    /// <summary>This machine's own name, one label.</summary>
    public static string MachineName => ServerName.Normalize(Environment.MachineName) ?? "localhost";

    /// <summary>As this machine reaches itself. Browsers do not let a wildcard stand directly below "localhost", though other
    /// programs do: names below it that routes ask for have to be added with <see cref="Plus"/>.</summary>
    public static LocalNames ForLoopback { get; } =
        new(["localhost", "*.localhost"], [IPAddress.Loopback, IPAddress.IPv6Loopback]);

    /// <summary>As the local network reaches it too: its name, its name in multicast DNS, and its private addresses now.</summary>
    public static LocalNames ForLan() => new(
        [.. ForLoopback.DnsNames.Append(MachineName).Append(MachineName + ".local").Distinct()],
        [.. ForLoopback.Addresses.Concat(InterfaceAddresses().Where(LocalAuthority.IsPrivate)).Distinct()]);

    /// <summary>These and more DNS names, for example the hosts of the routes.</summary>
    public LocalNames Plus(IEnumerable<string> dnsNames) =>
        this with { DnsNames = [.. DnsNames.Concat(dnsNames.Select(ServerName.Normalize).OfType<string>()).Distinct()] };

    /// <summary>Those of this machine's network cards now, without the loopback.</summary>
    public static IEnumerable<IPAddress> InterfaceAddresses() =>
        NetworkInterface.GetAllNetworkInterfaces()
            .Where(nic => nic.OperationalStatus != OperationalStatus.Down)
            .SelectMany(nic => nic.GetIPProperties().UnicastAddresses)
            .Select(unicast => unicast.Address)
            .Where(address => address.AddressFamily is AddressFamily.InterNetwork or AddressFamily.InterNetworkV6 && !IPAddress.IsLoopback(address))
            .OrderBy(address => address.AddressFamily)
            .ThenBy(address => address.ToString(), StringComparer.Ordinal);
}
