using System.Diagnostics;
using Gateway.Platform;
using Yarp.ReverseProxy.Forwarder;
using Yarp.ReverseProxy.Model;

namespace Gateway.Proxying;

/// <summary>
/// Forwards to a cluster's only destination, where nothing is to be chosen or learnt: without the middlewares that keep a client with its destination,
/// pick one, judge it by its answers, set the route's limit for bodies, and count what is under way there.
/// </summary>
internal sealed class OnlyDestination(RequestDelegate next, IHttpForwarder forwarder)
{
    public Task InvokeAsync(HttpContext context)
    {
        if (context.Features.Find<IReverseProxyFeature>() is not { AllDestinations.Count: 1, AvailableDestinations: [var destination] } proxy
            || proxy.Cluster.Config is { SessionAffinity.Enabled: true } or { HealthCheck.Passive.Enabled: true }
            || proxy.Route.Config.MaxRequestBodySize is not null
            // YARP writes the destination into a trace.
            || Activity.Current is not null
            // A call may last until there is a second destination, and has to be counted then.
            || WebSocketTunnel.Of(context) is not null)
        {
            return next(context);
        }

        proxy.ProxiedDestination = destination;
        return forwarder.SendAsync(
            context, destination.Model.Config.Address, proxy.Cluster.HttpClient, proxy.Cluster.Config.HttpRequest ?? ForwarderRequestConfig.Empty,
            proxy.Route.Transformer).AsTask();
    }
}
