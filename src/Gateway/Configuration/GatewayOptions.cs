using System.Net;

namespace Gateway.Configuration;

/// <summary>The <c>Gateway</c> section.</summary>
internal sealed record GatewayOptions
{
    /// <summary>Where certificates and accounts are kept; null means systemd's <c>$STATE_DIRECTORY</c> or the platform's folder.</summary>
    public string? StateDirectory { get; init; }

    /// <summary>Whether HTTP answers with a redirect to HTTPS.</summary>
    public bool HttpsRedirect { get; init; } = true;

    /// <summary>Largest request body, in bytes (<c>Limits:MaxRequestBodySize</c>); 100 MiB unless configured.</summary>
    public long MaxRequestBodySize { get; init; } = 100 * 1024 * 1024;

    /// <summary>The other limits.</summary>
    public LimitOptions Limits { get; init; } = new();

    /// <summary>How long a service may be silent before the client gets 504 (<c>Timeouts:Request</c>).</summary>
    public TimeSpan RequestTimeout { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>How long a WebSocket may be silent both ways (<c>WebSockets:IdleTimeout</c>); null means without limit.</summary>
    public TimeSpan? WebSocketIdleTimeout { get; init; }

    /// <summary>How long calls may go on when the gateway is told to stop (<c>Shutdown:DrainTimeout</c>).</summary>
    public TimeSpan DrainTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Peers whose X-Forwarded-* headers are believed; a single address is a range of one.</summary>
    public IReadOnlyList<IPNetwork> TrustedProxies { get; init; } = [];

    /// <summary>Whether connections from <see cref="TrustedProxies"/> may begin with a PROXY protocol header.</summary>
    public bool ProxyProtocol { get; init; }

    /// <summary>Origins whose pages may open WebSockets, besides the request's own host (<c>WebSockets:AllowedOrigins</c>).</summary>
    public IReadOnlyList<string> AllowedOrigins { get; init; } = [];

    /// <summary>Value of the header on HTTPS with a public certificate; null sends none.</summary>
    public string? StrictTransportSecurity { get; init; } = "max-age=31536000";

    /// <summary>Whether a handshake for a name that no certificate covers is refused.</summary>
    public bool StrictSni { get; init; }

    /// <summary>Where the operator's endpoint listens (<c>Admin</c>); null means that the verb decides.</summary>
    public AdminOptions? Admin { get; init; }

    /// <summary>Who may use a route, by the name that the route's <c>AuthorizationPolicy</c> says; names ignore case.</summary>
    public IReadOnlyDictionary<string, AccessPolicy> Access { get; init; } = new Dictionary<string, AccessPolicy>();

    /// <summary>The front end that the gateway serves itself; null when services do.</summary>
    public SiteOptions? StaticFiles { get; init; }

    /// <summary>Whether text of a known length is compressed for who accepts it.</summary>
    public bool Compression { get; init; }

    /// <summary>HTML files in the place of the gateway's own error pages, by status (<c>502</c>), class (<c>5xx</c>) or <c>*</c> for all.</summary>
    public IReadOnlyDictionary<string, string> ErrorPages { get; init; } = new Dictionary<string, string>();

    /// <summary>A file with one line a request; null when requests are records of the log.</summary>
    public AccessLogOptions? AccessLog { get; init; }

    /// <summary>While this file exists, new requests get 503; null means <c>maintenance</c> in the state directory.</summary>
    public string? Maintenance { get; init; }
}
