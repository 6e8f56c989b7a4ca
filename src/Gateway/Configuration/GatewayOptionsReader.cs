using System.Globalization;

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
            TrustedProxies = NetworksReader.Read(section?.Child("TrustedProxies"), errors),
            Admin = AdminReader.Read(root, errors),
            Access = AccessReader.Read(root, errors),
            ErrorPages = ErrorPagesReader.Read(section?.Child("ErrorPages"), errors),
            AccessLog = AccessLogReader.Read(section?.Child("AccessLog")),
            Maintenance = section?.Child("Maintenance")?.Value,
            StaticFiles = SiteOptionsReader.Read(root, errors),
            Compression = Flag(section?.Child("Compression")) ?? defaults.Compression,
        };
    }

    private static bool? Flag(ConfigurationNode? node) => node?.Value is { } value ? bool.Parse(value) : null;

    // "none" is the one value that the schema lets through and TimeSpan does not.
    private static TimeSpan? Duration(ConfigurationNode? node) =>
        TimeSpan.TryParseExact(node?.Value, "c", CultureInfo.InvariantCulture, out var duration) ? duration : null;
}
