using System.Globalization;
using System.Net;

namespace Gateway.Configuration;

/// <summary>Reads the <c>Gateway</c> section, whose values the schema has checked, and checks what it cannot.</summary>
internal static class GatewayOptionsReader
{
    public static GatewayOptions Read(ConfigurationNode root, ConfigurationErrors errors)
    {
        var defaults = new GatewayOptions();
        var section = root.Child("Gateway");
        return new GatewayOptions
        {
            StateDirectory = section?.Child("StateDirectory")?.Value,
            HttpsRedirect = Flag(section?.Child("HttpsRedirect")) ?? defaults.HttpsRedirect,
            MaxRequestBodySize = section?.Find("Limits:MaxRequestBodySize")?.Value is { } size
                ? long.Parse(size, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture)
                : defaults.MaxRequestBodySize,
            Limits = LimitOptionsReader.Read(section?.Child("Limits")),
            RequestTimeout = Duration(section?.Find("Timeouts:Request")) ?? defaults.RequestTimeout,
            WebSocketIdleTimeout = Duration(section?.Find("WebSockets:IdleTimeout")),
            DrainTimeout = Duration(section?.Find("Shutdown:DrainTimeout")) ?? defaults.DrainTimeout,
            AllowedOrigins = [.. section?.Find("WebSockets:AllowedOrigins")?.Children.Select(origin => origin.Value).OfType<string>() ?? []],
            StrictTransportSecurity = section?.Child("StrictTransportSecurity")?.Value switch
            {
                null => defaults.StrictTransportSecurity,
                "off" => null,
                var value => value,
            },
            StrictSni = Flag(section?.Child("StrictSni")) ?? defaults.StrictSni,
            ProxyProtocol = Flag(section?.Child("ProxyProtocol")) ?? defaults.ProxyProtocol,
            TrustedProxies = TrustedProxies(section?.Child("TrustedProxies"), errors),
        };
    }

    private static bool? Flag(ConfigurationNode? node) => node?.Value is { } value ? bool.Parse(value) : null;

    // "none" is the one value that the schema lets through and TimeSpan does not.
    private static TimeSpan? Duration(ConfigurationNode? node) =>
        TimeSpan.TryParseExact(node?.Value, "c", CultureInfo.InvariantCulture, out var duration) ? duration : null;

    private static List<IPNetwork> TrustedProxies(ConfigurationNode? list, ConfigurationErrors errors)
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
