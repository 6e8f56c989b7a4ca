using System.Net.Http.Headers;
using Gateway.Platform;
using Gateway.Proxying.Services;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Primitives;

namespace Gateway.Proxying;

/// <summary>What of a service's headers the client gets, as YARP's forwarder has it.</summary>
internal static class AnswerHeaders
{
    /// <summary>Its status and headers.</summary>
    public static void Copy(AnswerHead head, HttpContext context)
    {
        var response = context.Response;
        response.StatusCode = head.Status;
        if (head.ReasonPhrase is not null && context.Features.Find<IHttpResponseFeature>() is { } feature)
        {
            feature.ReasonPhrase = head.ReasonPhrase;
        }

        var headers = response.Headers;
        foreach (var (name, value) in head.Headers)
        {
            // What runs behind the gateway is nobody's business.
            if (HopByHop.Contains(name) || name.Equals("Server", StringComparison.OrdinalIgnoreCase))
            {
                continue;
            }

            var before = headers[name];
            if (before.Count == 0)
            {
                headers[name] = value;
            }
            else if (!name.Equals("Strict-Transport-Security", StringComparison.OrdinalIgnoreCase))
            {
                headers[name] = StringValues.Concat(before, value);
            }
        }

        // A length beside an encoding means nothing (RFC 9112 section 6.3), and where there can be no body none belongs (RFC 9110 section 8.6).
        if (head.Length is not null && (head.IsEncoded || (head.Length == 0 && head.Status is StatusCodes.Status204NoContent or StatusCodes.Status205ResetContent)))
        {
            headers.ContentLength = null;
        }
    }

    /// <summary>What came behind its body.</summary>
    public static void CopyTrailers(HttpResponseHeaders? trailers, HttpContext context)
    {
        if (trailers is null || context.Features.Find<IHttpResponseTrailersFeature>()?.Trailers is not { IsReadOnly: false } target)
        {
            return;
        }

        foreach (var (name, values) in trailers.NonValidated)
        {
            if (!HopByHop.Contains(name))
            {
                target[name] = StringValues.Concat(target[name], values.ToArray());
            }
        }
    }
}
