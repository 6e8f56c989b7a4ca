using System.Net;

namespace Gateway.Configuration;

/// <summary>One policy of <c>Gateway:Access</c>: the address must pass, and one credential of any kind if there are kinds.</summary>
internal sealed record AccessPolicy(string Name)
{
    /// <summary>Where a client may come from; empty means anywhere.</summary>
    public IReadOnlyList<IPNetwork> Allow { get; init; } = [];

    /// <summary>Where no client may come from, whatever <see cref="Allow"/> says.</summary>
    public IReadOnlyList<IPNetwork> Deny { get; init; } = [];

    public IReadOnlyList<ApiKeyOptions> ApiKeys { get; init; } = [];

    /// <summary>The header that may hold an API key, besides <c>Authorization: Bearer</c>.</summary>
    public string Header { get; init; } = "X-API-Key";

    /// <summary>The query parameter that may hold an API key or a token; null means none.</summary>
    public string? Query { get; init; }

    /// <summary>Passwords of HTTP basic by user; user names do not ignore case.</summary>
    public IReadOnlyDictionary<string, PasswordHash> Basic { get; init; } = new Dictionary<string, PasswordHash>();

    public JwtOptions? Jwt { get; init; }

    /// <summary>Whether CORS preflights, which never carry credentials, go to the service without.</summary>
    public bool AllowPreflight { get; init; }

    /// <summary>Whether <c>Authorization: Bearer</c>, a query parameter or a WebSocket's subprotocol can hold a credential.</summary>
    public bool TakesBearer => ApiKeys.Count > 0 || Jwt is not null;

    public bool NeedsCredential => TakesBearer || Basic.Count > 0;
}

/// <param name="Name">Who holds the key, for the log and the service.</param>
/// <param name="Hash">Of the key.</param>
internal sealed record ApiKeyOptions(string Name, ApiKeyHash Hash);

/// <param name="Issuer">What the token must have as <c>iss</c>.</param>
/// <param name="Audience">What the token must have as, or among, <c>aud</c>.</param>
/// <param name="JwksFile">A file with the issuer's public keys (RFC 7517); null when they come from <paramref name="JwksUrl"/>.</param>
/// <param name="JwksUrl">Where the issuer publishes its keys; null when they come from <paramref name="JwksFile"/>.</param>
internal sealed record JwtOptions(string Issuer, string Audience, string? JwksFile, Uri? JwksUrl);
