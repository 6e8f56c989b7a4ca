using System.Diagnostics;
using Gateway.Proxying.Services;
using Yarp.ReverseProxy.Transforms;
using Yarp.ReverseProxy.Transforms.Builder;

namespace Gateway.Proxying;

/// <summary>What every route does on the way to its service unless its own <c>Transforms</c> say otherwise: keep the client's
/// Host and send the request target as the client wrote it, as nginx does.</summary>
internal sealed class ServiceRequestTransforms : ITransformProvider
{
    // https://www.w3.org/TR/trace-context/ and /baggage/.
    private static readonly string[] Trace = ["traceparent", "tracestate", "baggage"];

    public void ValidateRoute(TransformRouteValidationContext context)
    {
    }

    public void ValidateCluster(TransformClusterValidationContext context)
    {
    }

    public void Apply(TransformBuilderContext context)
    {
        // ClientHeaders has written them already; a route's own X-Forwarded transforms stand.
        context.UseDefaultForwarders = false;

        // What runs behind the gateway is nobody's business. First, so that a route's own transforms may set one.
        context.ResponseTransforms.Insert(0, new ResponseHeaderRemoveTransform("Server", ResponseCondition.Always));

        var hostIsConfigured = context.RequestTransforms.OfType<RequestHeaderOriginalHostTransform>().Any()
            || context.Cluster?.Destinations?.Values.Any(d => d.Host is not null) == true;
        if (!hostIsConfigured)
        {
            context.RequestTransforms.Add(RequestHeaderOriginalHostTransform.OriginalHost);
            context.AddRequestTransform(static transform =>
            {
                // YARP writes the decoded name where the client sent punycode, which no header can carry. What a route's RequestHeadersAllowed
                // has copied would stand beside it.
                transform.ProxyRequest.Headers.Remove("Host");
                transform.ProxyRequest.Headers.Host = transform.HttpContext.Request.Headers.Host;
                return ValueTask.CompletedTask;
            });
        }

        context.AddRequestTransform(static transform =>
        {
            if (SecondAttempt.IsUnderWay(transform.HttpContext))
            {
                FreshConnectionHandler.Require(transform.ProxyRequest);
            }

            return ValueTask.CompletedTask;
        });

        context.AddRequestTransform(static transform =>
        {
            CopyTrace(transform);
            return ValueTask.CompletedTask;
        });

        var rewritesTarget = context.Route.Transforms?.Any(t => t.Keys.Any(IsTargetTransform)) == true;
        if (!rewritesTarget)
        {
            context.AddRequestTransform(static transform =>
            {
                transform.ProxyRequest.RequestUri = RequestTarget.AtService(transform.HttpContext, transform.DestinationPrefix);
                return ValueTask.CompletedTask;
            });
        }
    }

    /// <summary>A client's trace goes through. YARP leaves it to the activity of ASP.NET Core, which is there only when somebody listens.</summary>
    private static void CopyTrace(RequestTransformContext transform)
    {
        if (Activity.Current is not null)
        {
            return;
        }

        var headers = transform.HttpContext.Request.Headers;
        foreach (var name in Trace)
        {
            if (headers.TryGetValue(name, out var values) && !transform.ProxyRequest.Headers.Contains(name))
            {
                transform.ProxyRequest.Headers.TryAddWithoutValidation(name, (IEnumerable<string?>)values);
            }
        }
    }

    private static bool IsTargetTransform(string key) =>
        key.StartsWith("Path", StringComparison.OrdinalIgnoreCase) || key.StartsWith("Query", StringComparison.OrdinalIgnoreCase);
}
