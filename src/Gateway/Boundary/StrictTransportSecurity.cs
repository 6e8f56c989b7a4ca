using System.Net;
using Gateway.Certificates;
using Gateway.Configuration;
using Gateway.Platform;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.Net.Http.Headers;

namespace Gateway.Boundary;

/// <summary>
/// Tells browsers to come back over HTTPS only (RFC 6797), where the certificate is one that they trust by themselves. Never with
/// the local authority's: a developer's browser would remember it for localhost, and every other project there would be locked out.
/// </summary>
internal sealed class StrictTransportSecurity
{
    private readonly RequestDelegate _next;
    private readonly CurrentConfiguration _configuration;
    private readonly Func<object, Task> _apply;
    // Most requests name the host of the one before.
    private KnownHost? _last;

    public StrictTransportSecurity(RequestDelegate next, CurrentConfiguration configuration)
    {
        (_next, _configuration) = (next, configuration);
        _apply = context =>
        {
            Apply((HttpContext)context);
            return Task.CompletedTask;
        };
    }

    public Task InvokeAsync(HttpContext context)
    {
        if (context.Features.Find<ITlsHandshakeFeature>() is not null)
        {
            context.Response.OnStarting(_apply, context);
        }

        return _next(context);
    }

    private void Apply(HttpContext context)
    {
        var headers = context.Response.Headers;
        if (!MayBeRemembered(context))
        {
            // Set to nothing it would stay there empty, and over HTTP/2 Kestrel leaves out what stands after an empty header.
            headers.Remove(HeaderNames.StrictTransportSecurity);
        }
        else if (_configuration.Value.Gateway.StrictTransportSecurity is { } value && headers.StrictTransportSecurity.Count == 0)
        {
            headers.StrictTransportSecurity = value;
        }
    }

    // The certificate is not known where Kestrel serves one that the endpoint names itself: that one is the operator's.
    private bool MayBeRemembered(HttpContext context) =>
        context.Features.Find<ServedCertificate>() is not { IsPublic: false } && !Know(context.Request.Host).IsLocal;

    private KnownHost Know(HostString host) =>
        _last is { } last && last.Name == host.Value ? last : _last = new KnownHost(host.Value, IsLocal(host.Host));

    private static bool IsLocal(string host) =>
        host.Equals("localhost", StringComparison.OrdinalIgnoreCase)
        || host.EndsWith(".localhost", StringComparison.OrdinalIgnoreCase)
        || IPAddress.TryParse(host, out _);

    private sealed record KnownHost(string? Name, bool IsLocal);
}
