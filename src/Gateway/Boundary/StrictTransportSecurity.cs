using System.Net;
using Gateway.Certificates;
using Gateway.Configuration;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.Net.Http.Headers;

namespace Gateway.Boundary;

/// <summary>
/// Tells browsers to come back over HTTPS only (RFC 6797), where the certificate is one that they trust by themselves. Never with
/// the local authority's: a developer's browser would remember it for localhost, and every other project there would be locked out.
/// </summary>
internal sealed class StrictTransportSecurity(RequestDelegate next, CurrentConfiguration configuration)
{
    public Task InvokeAsync(HttpContext context)
    {
        if (context.Features.Get<ITlsHandshakeFeature>() is not null)
        {
            context.Response.OnStarting(
                static state =>
                {
                    var (context, value) = ((HttpContext, string?))state;
                    Apply(context, value);
                    return Task.CompletedTask;
                },
                (context, configuration.Value.Gateway.StrictTransportSecurity));
        }

        return next(context);
    }

    private static void Apply(HttpContext context, string? value)
    {
        var headers = context.Response.Headers;
        if (!MayBeRemembered(context))
        {
            // Set to nothing it would stay there empty, and over HTTP/2 Kestrel leaves out what stands after an empty header.
            headers.Remove(HeaderNames.StrictTransportSecurity);
        }
        else if (value is not null && headers.StrictTransportSecurity.Count == 0)
        {
            headers.StrictTransportSecurity = value;
        }
    }

    // The certificate is not known where Kestrel serves one that the endpoint names itself: that one is the operator's.
    private static bool MayBeRemembered(HttpContext context) =>
        context.Features.Get<ServedCertificate>() is not { IsPublic: false } && !IsLocal(context.Request.Host.Host);

    private static bool IsLocal(string host) =>
        host.Equals("localhost", StringComparison.OrdinalIgnoreCase)
        || host.EndsWith(".localhost", StringComparison.OrdinalIgnoreCase)
        || IPAddress.TryParse(host, out _);
}
