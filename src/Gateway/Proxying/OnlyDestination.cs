using System.Diagnostics;
using Yarp.ReverseProxy.Model;

namespace Gateway.Proxying;

/// <summary>
/// Forwards to a cluster's only destination, where nothing is to be chosen, applied or learnt: without ASP.NET Core's endpoint middleware and without
/// YARP's, which keep a client with its destination, pick one, judge it by its answers, set the route's limit for bodies, and count what is under way there.
/// </summary>
internal sealed class OnlyDestination(RequestDelegate next, ServiceForwarder forwarder)
{
    public Task InvokeAsync(HttpContext context)
    {
        if (RouteNeeds.Of(context) is not { OthersAtService: false, Route: { Config.MaxRequestBodySize: null, Cluster: { DestinationsState: var destinations } cluster } route }
            || destinations is not { AllDestinations.Count: 1, AvailableDestinations: [var destination] }
            || cluster.Model is not { Config: { SessionAffinity: not { Enabled: true }, HealthCheck: not { Passive.Enabled: true } } } model
            // YARP writes the destination into a trace.
            || Activity.Current is not null
            // A call may last until there is a second destination, and has to be counted then.
            || WebSocketTunnel.Of(context) is not null)
        {
            return next(context);
        }

        var proxy = new ReverseProxyFeature
        {
            Route = route,
            Cluster = model,
            AllDestinations = destinations.AllDestinations,
            AvailableDestinations = destinations.AvailableDestinations,
            ProxiedDestination = destination,
        };
        context.Features.Set<IReverseProxyFeature>(proxy);
        return forwarder.SendAsync(context, proxy, destination).AsTask();
    }
}
