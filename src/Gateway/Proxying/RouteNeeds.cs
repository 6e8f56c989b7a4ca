using Gateway.Configuration;
using Gateway.Platform;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Cors.Infrastructure;
using Microsoft.AspNetCore.Routing;
using Yarp.ReverseProxy.Model;

namespace Gateway.Proxying;

/// <summary>
/// What a route needs besides a service, read from its endpoint when that is made. Most need nothing, and their requests are spared
/// each middleware's own look.
/// </summary>
internal sealed class RouteNeeds
{
    private RouteNeeds(RouteModel route, IEnumerable<object> metadata)
    {
        Route = route;
        Admission = RouteAnswer.Of(route.Config) is not null || metadata.Any(IsAboutAdmission);
        OthersAtService = !metadata.All(m => IsAboutAdmission(m) || m is RouteModel or IHostMetadata or IHttpMethodMetadata);
    }

    public RouteModel Route { get; }

    /// <summary>Before the service: a policy for CORS or access, or an answer of the route's own.</summary>
    public bool Admission { get; }

    /// <summary>Anything else that ASP.NET Core or YARP may have to apply. What is not known here counts: nothing is lost when it is forgotten.</summary>
    public bool OthersAtService { get; }

    /// <returns>Null where no route has been found, or none of YARP's.</returns>
    public static RouteNeeds? Of(HttpContext context) => context.FindEndpoint()?.Metadata.GetMetadata<RouteNeeds>();

    /// <summary>Has each route's endpoint carry its needs.</summary>
    public static void Note(ReverseProxyConventionBuilder routes) => routes.Add(static endpoint =>
    {
        if (endpoint.Metadata.OfType<RouteModel>().FirstOrDefault() is { } route)
        {
            endpoint.Metadata.Add(new RouteNeeds(route, [.. endpoint.Metadata]));
        }
    });

    private static bool IsAboutAdmission(object metadata) => metadata is ICorsMetadata or IAuthorizeData or IAllowAnonymous;
}
