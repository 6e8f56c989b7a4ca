using Gateway.Configuration;
using Gateway.Platform;
using Microsoft.AspNetCore.Http.Features;
using Yarp.ReverseProxy.Model;

namespace Gateway.Boundary;

/// <summary>Refuses <c>%2F</c> in a path with 400, but on routes whose service is known to read it as the gateway does: as no slash.
/// Stands behind routing.</summary>
internal sealed class EncodedSlashes(RequestDelegate next)
{
    public Task InvokeAsync(HttpContext context)
    {
        if (context.Features.Find<IHttpRequestFeature>()?.RawTarget is not { Length: > 0 } target || !TargetRules.HasEncodedSlash(target))
        {
            return next(context);
        }

        var route = context.GetEndpoint()?.Metadata.GetMetadata<RouteModel>()?.Config;
        // The server decodes the slashes of an absolute target (https://host/a%2Fb) before it routes, and those of a path alone it does not.
        if (target[0] == '/' && route is not null && RouteMetadata.AllowsEncodedSlashes(route) && !TargetRules.HasEncodedClimb(target))
        {
            return next(context);
        }

        return RequestRules.Refuse(
            context, StatusCodes.Status400BadRequest, "The path holds an encoded slash.",
            route is null ? null : $"ReverseProxy:Routes:{route.RouteId}:Metadata:{RouteMetadata.EncodedSlashes}");
    }
}
