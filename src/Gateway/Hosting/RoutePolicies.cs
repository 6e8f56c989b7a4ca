using Gateway.Platform;

namespace Gateway.Hosting;

/// <summary>Policies of ASP.NET Core that a route names: access, CORS, time, rate. Most name none, and are spared what they cost.</summary>
internal static class RoutePolicies
{
    /// <summary>Not for routes that <see cref="MarkRoutesWithoutPolicy"/> has marked: they are spared a look for each policy, too.</summary>
    public static void UsePolicies(this IApplicationBuilder app, Action<IApplicationBuilder> use)
    {
        app.UseWhen(static context => context.FindEndpoint()?.Metadata.GetMetadata<NoPolicy>() is null, use);

        // ASP.NET Core puts both before everything else where it believes that they were forgotten.
        app.Properties["__AuthenticationMiddlewareSet"] = true;
        app.Properties["__AuthorizationMiddlewareSet"] = true;
    }

    /// <summary>Only for routes with such a policy.</summary>
    public static void UseFor<TPolicy>(this IApplicationBuilder app, Action<IApplicationBuilder> use)
        where TPolicy : class =>
        app.UseWhen(static context => context.FindEndpoint()?.Metadata.GetMetadata<TPolicy>() is not null, use);

    /// <summary>A kind of policy that the pipeline uses has to be named here, or routes that name no other would go without it.</summary>
    public static void MarkRoutesWithoutPolicy(this ReverseProxyConventionBuilder routes) => routes.ConfigureEndpoints(static (endpoint, route) =>
    {
        if (route is { CorsPolicy: null, AuthorizationPolicy: null, TimeoutPolicy: null, Timeout: null, RateLimiterPolicy: null })
        {
            endpoint.WithMetadata(new NoPolicy());
        }
    });

    private sealed class NoPolicy;
}
