using Gateway.Configuration;

namespace Gateway.FrontEnd;

/// <summary>Gives a request that no route takes to the built front end, where there is one; stands behind routing. Access policies and
/// the rest of the pipeline see an endpoint like any other.</summary>
internal sealed class StaticFiles(RequestDelegate next, CurrentConfiguration configuration)
{
    private Site? _site;

    public Task InvokeAsync(HttpContext context)
    {
        if (configuration.Value.Gateway.StaticFiles is { } options && context.GetEndpoint() is null)
        {
            var site = _site;
            if (site is null || !ReferenceEquals(site.Options, options))
            {
                _site = site = new Site(options);
            }

            context.SetEndpoint(site.Endpoint);
        }

        return next(context);
    }
}
