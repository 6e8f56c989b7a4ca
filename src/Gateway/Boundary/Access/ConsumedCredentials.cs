using System.Text;
using Gateway.Proxying;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Net.Http.Headers;

namespace Gateway.Boundary.Access;

/// <summary>
/// Takes from an admitted request what only the gateway was meant to see, and tells the service instead who it is. Tokens stay:
/// services read their claims.
/// </summary>
internal sealed class ConsumedCredentials(RequestDelegate next)
{
    // ForgeableHeaders removes them from every request of a client's.
    private const string UserHeader = "X-Authenticated-User";
    private const string KindHeader = "X-Authenticated-By";

    public Task InvokeAsync(HttpContext context)
    {
        if (context.Features.Get<Admission>() is { } admission)
        {
            Remove(context, admission);
            Introduce(context.Request.Headers, admission);
        }

        return next(context);
    }

    private static void Remove(HttpContext context, Admission admission)
    {
        var (request, policy) = (context.Request, admission.Policy);
        if (admission.InAuthorization && admission.Kind != CredentialKind.Jwt)
        {
            request.Headers.Remove(HeaderNames.Authorization);
        }

        if (policy.ApiKeys.Count > 0)
        {
            request.Headers.Remove(policy.Header);
        }

        if (policy is { TakesBearer: true, Query: { } parameter } && request.QueryString.HasValue)
        {
            // The service gets the raw target; routes with Path or Query transforms get the query.
            request.QueryString = new QueryString(QueryParameter.Without(request.QueryString.Value!, parameter));
            if (context.Features.Get<IHttpRequestFeature>() is { RawTarget: { Length: > 0 } target } feature)
            {
                feature.RawTarget = QueryParameter.Without(target, parameter);
            }
        }

        if (policy.TakesBearer && Subprotocols.Remove(request.Headers) is { } offered && WebSocketTunnel.Of(context) is not null)
        {
            AnswerWith(offered, context);
        }
    }

    /// <summary>A browser fails a WebSocket for which it has offered subprotocols and got none (WHATWG, "establish a WebSocket connection").
    /// Where the service has chosen none of the others, the answer is the one that it has not seen.</summary>
    private static void AnswerWith(string offered, HttpContext context) => context.Response.OnStarting(
        static state =>
        {
            var (response, offered) = ((HttpResponse, string))state;
            var isAccepted = response.StatusCode == (HttpProtocol.IsHttp11(response.HttpContext.Request.Protocol)
                ? StatusCodes.Status101SwitchingProtocols
                : StatusCodes.Status200OK);
            if (isAccepted && response.Headers.SecWebSocketProtocol.Count == 0)
            {
                response.Headers.SecWebSocketProtocol = offered;
            }

            return Task.CompletedTask;
        },
        (context.Response, offered));

    private static void Introduce(IHeaderDictionary headers, Admission admission)
    {
        if (admission.Kind == CredentialKind.None)
        {
            return;
        }

        headers[KindHeader] = admission.Kind.ToString();
        if (!string.IsNullOrEmpty(admission.User))
        {
            headers[UserHeader] = Encode(admission.User);
        }

        if (admission is { Kind: CredentialKind.Jwt, InAuthorization: false } && headers.Authorization.Count == 0)
        {
            headers.Authorization = "Bearer " + admission.Token;
        }
    }

    // A header holds printable ASCII for certain; everything else, and the percent sign, goes percent-encoded as UTF-8.
    private static string Encode(string user)
    {
        var text = new StringBuilder(user.Length);
        foreach (var octet in Encoding.UTF8.GetBytes(user))
        {
            _ = octet is >= 0x20 and < 0x7f and not (byte)'%' ? text.Append((char)octet) : text.Append('%').Append(octet.ToString("X2", null));
        }

        return text.ToString();
    }
}
