using System.Globalization;

namespace Gateway.Configuration;

/// <summary>Reads <c>Gateway:Limits</c>, whose values the schema has checked.</summary>
internal static class LimitOptionsReader
{
    public static LimitOptions Read(ConfigurationNode? section)
    {
        var defaults = new LimitOptions();
        return new LimitOptions
        {
            MaxRequestLineSize = Number(nameof(LimitOptions.MaxRequestLineSize)) ?? defaults.MaxRequestLineSize,
            MaxRequestHeadersSize = Number(nameof(LimitOptions.MaxRequestHeadersSize)) ?? defaults.MaxRequestHeadersSize,
            MaxRequestHeaderCount = Number(nameof(LimitOptions.MaxRequestHeaderCount)) ?? defaults.MaxRequestHeaderCount,
            RequestHeadersTimeout = Duration(nameof(LimitOptions.RequestHeadersTimeout)) ?? defaults.RequestHeadersTimeout,
            SlowReaderTimeout = Duration(nameof(LimitOptions.SlowReaderTimeout)) ?? defaults.SlowReaderTimeout,
            HandshakeTimeout = Duration(nameof(LimitOptions.HandshakeTimeout)) ?? defaults.HandshakeTimeout,
            MaxConcurrentHandshakes = Number(nameof(LimitOptions.MaxConcurrentHandshakes)) ?? defaults.MaxConcurrentHandshakes,
            MaxConnections = Number(nameof(LimitOptions.MaxConnections)) ?? defaults.MaxConnections,
            MaxConnectionsPerAddress = Number(nameof(LimitOptions.MaxConnectionsPerAddress)),
            RequestsPerSecondPerAddress = Number(nameof(LimitOptions.RequestsPerSecondPerAddress)),
            MaxWebSockets = Number(nameof(LimitOptions.MaxWebSockets)) ?? defaults.MaxWebSockets,
            MaxWebSocketsPerAddress = Number(nameof(LimitOptions.MaxWebSocketsPerAddress)),
            MaxStreamsPerConnection = Number(nameof(LimitOptions.MaxStreamsPerConnection)) ?? defaults.MaxStreamsPerConnection,
            AbortedRequestsPerSecond = Number(nameof(LimitOptions.AbortedRequestsPerSecond)) ?? defaults.AbortedRequestsPerSecond,
            ControlFramesPerSecond = Number(nameof(LimitOptions.ControlFramesPerSecond)) ?? defaults.ControlFramesPerSecond,
        };

        int? Number(string key) => section?.Child(key)?.Value is { } value ? int.Parse(value, NumberStyles.None, CultureInfo.InvariantCulture) : null;

        TimeSpan? Duration(string key) => section?.Child(key)?.Value is { } value ? TimeSpan.ParseExact(value, "c", CultureInfo.InvariantCulture) : null;
    }
}
