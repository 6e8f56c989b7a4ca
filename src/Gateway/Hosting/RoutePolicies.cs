using Gateway.Platform;
using Gateway.Proxying;

namespace Gateway.Hosting;

/// <summary>Policies of ASP.NET Core that a route names: access, CORS, time, rate. Most name none, and are spared what they cost.</summary>
internal static class RoutePolicies
{
    /// <summary>Not for routes that are known to need none of it.</summary>
    public static void UseWhereNeeded(this IApplicationBuilder app, Func<RouteNeeds, bool> isNeeded, Action<IApplicationBuilder> use)
    {
        app.UseWhen(context => RouteNeeds.Of(context) is not { } needs || isNeeded(needs), use);

        // ASP.NET Core puts both before everything else where it believes that they were forgotten.
        app.Properties["__AuthenticationMiddlewareSet"] = true;
        app.Properties["__AuthorizationMiddlewareSet"] = true;
    }

    /// <summary>Only for routes with such a policy.</summary>
    public static void UseFor<TPolicy>(this IApplicationBuilder app, Action<IApplicationBuilder> use)
        where TPolicy : class =>
        app.UseWhen(static context => context.FindEndpoint()?.Metadata.GetMetadata<TPolicy>() is not null, use);
}
