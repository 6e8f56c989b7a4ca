using Gateway.Platform;
using Microsoft.AspNetCore.Http.Timeouts;
using Yarp.ReverseProxy.Forwarder;
using Yarp.ReverseProxy.Model;

namespace Gateway.Proxying;

/// <summary>The route's <c>Timeout</c>, for the whole request, has ended it. ASP.NET Core says so by cancelling <see cref="HttpContext.RequestAborted"/>, which
/// whoever forwards takes for a client that has left.</summary>
/// <param name="Error">Of a service that did not answer, or not to the end.</param>
/// <param name="Exception">That of the cancellation.</param>
/// <param name="Allowed">The route's <c>Timeout</c>.</param>
internal sealed record RouteTimeout(ForwarderError Error, Exception? Exception, TimeSpan? Allowed) : IForwarderErrorFeature
{
    public static bool IsOver(HttpContext context) => context.Features.Find<IHttpRequestTimeoutFeature>() is { RequestTimeoutToken.IsCancellationRequested: true };

    /// <summary>What was taken for a client that left is told as what it was.</summary>
    /// <param name="context">Of a request that was ended.</param>
    /// <param name="error">What the forwarder says.</param>
    /// <returns>What it was.</returns>
    public static ForwarderError End(HttpContext context, ForwarderError error)
    {
        if (!context.Response.HasStarted)
        {
            context.Response.StatusCode = StatusCodes.Status504GatewayTimeout;
            error = ForwarderError.RequestTimedOut;
        }

        var allowed = context.Features.Find<IReverseProxyFeature>()?.Route.Config.Timeout;
        context.Features.Set<IForwarderErrorFeature>(new RouteTimeout(error, context.Features.Find<IForwarderErrorFeature>()?.Exception, allowed));
        return error;
    }
}
