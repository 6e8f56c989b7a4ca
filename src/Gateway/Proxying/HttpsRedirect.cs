using Gateway.Configuration;
using Microsoft.AspNetCore.Http.Extensions;

namespace Gateway.Proxying;

/// <summary>Answers plain HTTP with 308 to the same host and path on HTTPS, so that method and body are kept (RFC 9110 section 15.4.9).</summary>
internal sealed class HttpsRedirect(RequestDelegate next, CurrentConfiguration configuration)
{
    public Task InvokeAsync(HttpContext context)
    {
        var request = context.Request;
        if (request.IsHttps || !request.Host.HasValue || configuration.Value.RedirectPort is not { } httpsPort)
        {
            return next(context);
        }

        var host = httpsPort == 443 ? new HostString(request.Host.Host) : new HostString(request.Host.Host, httpsPort);
        context.Response.StatusCode = StatusCodes.Status308PermanentRedirect;
        context.Response.Headers.Location = UriHelper.BuildAbsolute("https", host, request.PathBase, request.Path, request.QueryString);
        return Task.CompletedTask;
    }
}
