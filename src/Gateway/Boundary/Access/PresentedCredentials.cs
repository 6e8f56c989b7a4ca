using System.Net.Http.Headers;
using System.Text;
using Gateway.Configuration;
using Gateway.Proxying;
using Microsoft.Extensions.Primitives;

namespace Gateway.Boundary.Access;

/// <summary>The credentials that a request has, in the places where its route's policy looks for them.</summary>
/// <param name="AuthorizationBearer">The value of <c>Authorization: Bearer</c>.</param>
/// <param name="User">User and password of <c>Authorization: Basic</c>.</param>
/// <param name="Header">The value of the policy's header for API keys.</param>
/// <param name="Bearers">What a query parameter or a subprotocol holds.</param>
/// <param name="IsUnclear">A credential is there twice, or cannot be read: gateway and service might take different ones.</param>
internal sealed record PresentedCredentials(
    string? AuthorizationBearer, (string Name, string Password)? User, string? Header, IReadOnlyList<string> Bearers, bool IsUnclear)
{
    private static readonly UTF8Encoding StrictUtf8 = new(false, throwOnInvalidBytes: true);

    public bool IsNone => !IsUnclear && AuthorizationBearer is null && User is null && Header is null && Bearers.Count == 0;

    public static PresentedCredentials Read(HttpContext context, AccessPolicy policy)
    {
        var request = context.Request;
        var isUnclear = false;
        string? bearer = null;
        (string, string)? user = null;
        var authorization = Only(request.Headers.Authorization, ref isUnclear);
        if (AuthenticationHeaderValue.TryParse(authorization, out var value))
        {
            if (policy.TakesBearer && value.Scheme.Equals("Bearer", StringComparison.OrdinalIgnoreCase))
            {
                bearer = NotEmpty(value.Parameter);
            }
            else if (policy.Basic.Count > 0 && value.Scheme.Equals("Basic", StringComparison.OrdinalIgnoreCase))
            {
                user = ReadBasic(value.Parameter);
                isUnclear |= user is null;
            }
        }

        var header = policy.ApiKeys.Count > 0 ? Only(request.Headers[policy.Header], ref isUnclear) : null;
        List<string> bearers = [];
        if (policy.TakesBearer)
        {
            if (policy.Query is { } parameter)
            {
                isUnclear |= !TryAddOnly(QueryParameter.Values(request.QueryString.Value, parameter), bearers);
            }

            if (WebSocketTunnel.Of(context) is not null)
            {
                isUnclear |= !TryAddOnly(Subprotocols.Keys(request.Headers.SecWebSocketProtocol), bearers);
            }
        }

        return new PresentedCredentials(bearer, user, header, bearers, isUnclear);
    }

    private static string? Only(StringValues values, ref bool isUnclear)
    {
        isUnclear |= values.Count > 1;
        return values.Count == 1 ? NotEmpty(values[0]) : null;
    }

    private static bool TryAddOnly(IReadOnlyList<string> values, List<string> bearers)
    {
        if (values is [{ Length: > 0 } only])
        {
            bearers.Add(only);
        }

        return values.Count <= 1;
    }

    private static string? NotEmpty(string? value) => string.IsNullOrEmpty(value) ? null : value;

    // RFC 7617 section 2: Base64 of user, colon, password; in UTF-8, as the challenge says.
    private static (string Name, string Password)? ReadBasic(string? base64)
    {
        var bytes = new byte[base64?.Length ?? 0];
        if (!Convert.TryFromBase64String(base64 ?? "", bytes, out var length))
        {
            return null;
        }

        try
        {
            var text = StrictUtf8.GetString(bytes, 0, length);
            var colon = text.IndexOf(':', StringComparison.Ordinal);
            return colon < 0 ? null : (text[..colon], text[(colon + 1)..]);
        }
        catch (DecoderFallbackException)
        {
            return null;
        }
    }
}
