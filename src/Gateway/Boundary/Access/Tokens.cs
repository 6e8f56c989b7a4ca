using System.Collections.Concurrent;
using Gateway.Configuration;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace Gateway.Boundary.Access;

/// <summary>What became of a token.</summary>
/// <param name="IsValid">Signed by the issuer, for this audience, and in its time.</param>
/// <param name="IsUndecided">The issuer's keys cannot be had.</param>
/// <param name="Subject">Its <c>sub</c>.</param>
internal readonly record struct TokenCheck(bool IsValid, bool IsUndecided = false, string? Subject = null);

/// <summary>Checks JSON web tokens (RFC 7519, with the advice of RFC 8725).</summary>
internal sealed class Tokens(HttpClient http, CurrentConfiguration configuration, TimeProvider time, ILogger<SigningKeys> logger) : IDisposable
{
    private const int LongestToken = 16 * 1024;

    private static readonly TimeSpan ClockSkew = TimeSpan.FromSeconds(30);

    private static readonly JsonWebTokenHandler Handler = new() { MapInboundClaims = false, MaximumTokenSizeInBytes = LongestToken };

    private readonly ConcurrentDictionary<JwtOptions, SigningKeys> _issuers = new();

    public async Task<TokenCheck> CheckAsync(string text, JwtOptions options, CancellationToken cancellationToken)
    {
        if (Read(text) is not { } token)
        {
            return default;
        }

        var keys = await Issuer(options).FindAsync(token.Alg, token.Kid, cancellationToken);
        if (keys is null)
        {
            return new TokenCheck(false, IsUndecided: true);
        }

        return keys.Count > 0 && await IsValidAsync(token, keys, options)
            ? new TokenCheck(true, Subject: token.TryGetPayloadValue<string>(JwtRegisteredClaimNames.Sub, out var subject) ? subject : null)
            : default;
    }

    public void Dispose() => http.Dispose();

    private static JsonWebToken? Read(string text)
    {
        if (text.Length > LongestToken || text.AsSpan().Count('.') != 2)
        {
            return null;
        }

        try
        {
            var token = new JsonWebToken(text);
            // RFC 7515 section 4.1.11: an extension that must be understood, and none is here.
            return JsonWebKeys.Algorithms.Contains(token.Alg) && !token.TryGetHeaderValue<object>("crit", out _) ? token : null;
        }
        catch (Exception)
        {
            // A stranger's text, and a library whose exceptions are of many types: whatever is wrong with it, it is no token.
            return null;
        }
    }

    private async Task<bool> IsValidAsync(JsonWebToken token, IReadOnlyList<JsonWebKey> keys, JwtOptions options)
    {
        var parameters = new TokenValidationParameters
        {
            ValidIssuer = options.Issuer,
            ValidAudience = options.Audience,
            IgnoreTrailingSlashWhenValidatingAudience = false,
            ValidAlgorithms = JsonWebKeys.Algorithms,
            IssuerSigningKeys = keys,
            LifetimeValidator = (notBefore, expires, _, _) => IsInTime(notBefore, expires),
            LogValidationExceptions = false,
        };
        try
        {
            return (await Handler.ValidateTokenAsync(token, parameters)).IsValid;
        }
        catch (Exception)
        {
            return false; // as in Read
        }
    }

    private bool IsInTime(DateTime? notBefore, DateTime? expires)
    {
        var now = time.GetUtcNow().UtcDateTime;
        return expires is { } end && now - ClockSkew < end && (notBefore is not { } start || start <= now + ClockSkew);
    }

    private SigningKeys Issuer(JwtOptions options)
    {
        if (_issuers.TryGetValue(options, out var known))
        {
            return known;
        }

        // New after a reload: those that no policy names any more can go.
        var named = configuration.Value.Gateway.Access.Values.Select(policy => policy.Jwt).ToHashSet();
        foreach (var old in _issuers.Keys.Where(issuer => !named.Contains(issuer)))
        {
            _issuers.TryRemove(old, out _);
        }

        return _issuers.GetOrAdd(options, added => new SigningKeys(added, http, time, logger));
    }
}
