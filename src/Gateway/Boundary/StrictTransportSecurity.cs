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
        _apply = Apply;
    }

    public Task InvokeAsync(HttpContext context)
    {
        // The certificate is not known where Kestrel serves one that the endpoint names itself: that one is the operator's.
        var certificate = context.Features.Find<ServedCertificate>();
        if (certificate is { IsPublic: false })
        {
            context.Response.OnStarting(Withhold, context);
        }
        else if (certificate is not null || context.Features.Find<ITlsHandshakeFeature>() is not null)
        {
            context.Response.OnStarting(_apply, context);
        }

        return _next(context);
    }

    private Task Apply(object state)
    {
        var context = (HttpContext)state;
        if (Know(context.Request.Host).IsLocal)
        {
            return Withhold(context);
        }

        if (_configuration.Value.Gateway.StrictTransportSecurity is { } value && context.Response.Headers.StrictTransportSecurity.Count == 0)
        {
            context.Response.Headers.StrictTransportSecurity = value;
        }

        return Task.CompletedTask;
    }

    // Nor may the service say it. Set to nothing it would stay there empty, and over HTTP/2 Kestrel leaves out what stands after an empty header.
    private static Task Withhold(object context)
    {
        ((HttpContext)context).Response.Headers.Remove(HeaderNames.StrictTransportSecurity);
        return Task.CompletedTask;
    }

    private KnownHost Know(HostString host) =>
        _last is { } last && last.Name == host.Value ? last : _last = new KnownHost(host.Value, IsLocal(host.Host));

    private static bool IsLocal(string host) =>
        host.Equals("localhost", StringComparison.OrdinalIgnoreCase)
        || host.EndsWith(".localhost", StringComparison.OrdinalIgnoreCase)
        || IPAddress.TryParse(host, out _);

    private sealed record KnownHost(string? Name, bool IsLocal);
}
