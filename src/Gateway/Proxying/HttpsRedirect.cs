using Microsoft.AspNetCore.Http.Extensions;

namespace Gateway.Proxying;

/// <summary>Answers plain HTTP with 308 to the same host and path on HTTPS, so that method and body are kept (RFC 9110 section 15.4.9).</summary>
/// <param name="next">The rest of the pipeline, for requests that came over HTTPS, here or at a trusted proxy.</param>
/// <param name="httpsPort">The port that the https endpoint has.</param>
internal sealed class HttpsRedirect(RequestDelegate next, int httpsPort)
{
    public Task InvokeAsync(HttpContext context)
    {
        var request = context.Request;
        if (request.IsHttps || !request.Host.HasValue)
        {
            return next(context);
        }

        var host = httpsPort == 443 ? new HostString(request.Host.Host) : new HostString(request.Host.Host, httpsPort);
        context.Response.StatusCode = StatusCodes.Status308PermanentRedirect;
        context.Response.Headers.Location = UriHelper.BuildAbsolute("https", host, request.PathBase, request.Path, request.QueryString);
        return Task.CompletedTask;
    }
}
