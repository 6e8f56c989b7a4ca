namespace Gateway.Configuration;

/// <summary>The <c>Gateway:Limits</c> section, but for the size of bodies.</summary>
internal sealed record LimitOptions
{
    /// <summary>Bytes of a request line; beyond, 414.</summary>
    public int MaxRequestLineSize { get; init; } = 8 * 1024;

    /// <summary>Bytes of all headers together; beyond, 431.</summary>
    public int MaxRequestHeadersSize { get; init; } = 32 * 1024;

    /// <summary>Headers of a request; beyond, 431.</summary>
    public int MaxRequestHeaderCount { get; init; } = 100;

    /// <summary>Time for the header section to arrive, from its first byte; beyond, 408.</summary>
    public TimeSpan RequestHeadersTimeout { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>How long a client may take less than 240 bytes a second of an answer that waits for it; beyond, the connection is closed.
    /// Not while it has a WebSocket.</summary>
    public TimeSpan SlowReaderTimeout { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>Time for a TLS handshake; beyond, the connection is closed.</summary>
    public TimeSpan HandshakeTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>TLS handshakes under way at once; beyond, the one that has waited longest is closed.</summary>
    public int MaxConcurrentHandshakes { get; init; } = 1000;

    /// <summary>Connections at once, WebSockets included; beyond, a new one is closed.</summary>
    public int MaxConnections { get; init; } = 20_000;

    /// <summary>Connections at once of one address (IPv6: of one /64); null means without limit.</summary>
    public int? MaxConnectionsPerAddress { get; init; }

    /// <summary>Requests a second of one address (IPv6: of one /64), with twice as many at once; beyond, 429; null means without limit.</summary>
    public int? RequestsPerSecondPerAddress { get; init; }

    /// <summary>WebSockets at once; beyond, 503.</summary>
    public int MaxWebSockets { get; init; } = 20_000;

    /// <summary>WebSockets at once of one address (IPv6: of one /64); beyond, 503; null means without limit.</summary>
    public int? MaxWebSocketsPerAddress { get; init; }

    /// <summary>Concurrent requests on one HTTP/2 connection, once it has earned them.</summary>
    public int MaxStreamsPerConnection { get; init; } = 100;

    /// <summary>Requests that one connection may abort a second, with ten times as many at once; beyond, it is closed.</summary>
    public int AbortedRequestsPerSecond { get; init; } = 10;

    /// <summary>Frames that bring neither a request to serve nor data, which one HTTP/2 connection may send a second, with twice as many at
    /// once and one more for each 256 bytes of answers that the client has taken; beyond, it is closed.</summary>
    public int ControlFramesPerSecond { get; init; } = 500;
}
