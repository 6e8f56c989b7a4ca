using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text.Json.Serialization;

namespace Gateway.Acme;

/// <summary>A name or an address that a certificate is to be for (RFC 8555 section 9.7.7, RFC 8738 section 3).</summary>
internal sealed record AcmeIdentifier(string Type, string Value)
{
    public const string DnsType = "dns";
    public const string IpType = "ip";

    [JsonIgnore]
    public bool IsWildcard => Type == DnsType && Value.StartsWith("*.", StringComparison.Ordinal);

    /// <summary>
    /// What a validating CA sends as server name in a tls-alpn-01 handshake: the name itself, or the reverse name
    /// of an address (RFC 8738 section 6), for a server name must not be an address.
    /// </summary>
    [JsonIgnore]
    public string ServerName => Type == IpType ? ReverseName(IPAddress.Parse(Value)) : Value;

    /// <summary>Reads "example.com", "*.example.com", "bücher.example", "192.0.2.1" or "2001:db8::1".</summary>
    /// <exception cref="FormatException">The text is neither a host name nor an address.</exception>
    public static AcmeIdentifier Parse(string nameOrAddress) =>
        IPAddress.TryParse(nameOrAddress, out var address) ? Ip(address) : Dns(nameOrAddress);

    public static AcmeIdentifier Ip(IPAddress address) => new(IpType, address.ToString());

    /// <exception cref="FormatException">The text is not a host name.</exception>
    public static AcmeIdentifier Dns(string name)
    {
        var prefix = name.StartsWith("*.", StringComparison.Ordinal) ? "*." : "";
        string ascii;
        try
        {
            // RFC 8555 section 7.1.4: internationalized names go in the form of A-labels.
            ascii = new IdnMapping().GetAscii(name[prefix.Length..].TrimEnd('.')).ToLowerInvariant();
        }
        catch (ArgumentException e)
        {
            throw new FormatException($"'{name}' is not a host name: {e.Message}", e);
        }

        return Uri.CheckHostName(ascii) == UriHostNameType.Dns
            ? new AcmeIdentifier(DnsType, prefix + ascii)
            : throw new FormatException($"'{name}' is not a host name.");
    }

    public override string ToString() => Value;

    private static string ReverseName(IPAddress address)
    {
        var bytes = address.GetAddressBytes();
        Array.Reverse(bytes);
        return address.AddressFamily == AddressFamily.InterNetwork
            ? string.Join('.', bytes) + ".in-addr.arpa"
            : string.Join('.', bytes.Select(b => $"{b & 0xF:x}.{b >> 4:x}")) + ".ip6.arpa";
    }
}
