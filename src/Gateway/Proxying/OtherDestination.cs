using Gateway.Platform;
using Yarp.ReverseProxy.Forwarder;
using Yarp.ReverseProxy.Model;

namespace Gateway.Proxying;

/// <summary>A safe request whose destination failed before the client saw anything goes to another destination of the cluster that is up,
/// once. Health checks need failures to learn from; these are not at the clients' expense.</summary>
internal sealed partial class OtherDestination(RequestDelegate next, ServiceFailures failures, ILogger<OtherDestination> logger)
{
    public Task InvokeAsync(HttpContext context) =>
        context.Features.Find<IReverseProxyFeature>() is { AllDestinations.Count: 1 } ? next(context) : SendAsync(context);

    private async Task SendAsync(HttpContext context)
    {
        await next(context);
        if (context.Features.Find<IForwarderErrorFeature>() is not { } failure
            || !MayRepeat(context, failure)
            || context.Features.Find<IReverseProxyFeature>() is not { ProxiedDestination: { } failed } proxy
            || proxy.Route.Cluster is not { } cluster)
        {
            return;
        }

        DestinationState[] others = [.. cluster.DestinationsState.AvailableDestinations.Where(d => d != failed)];
        if (others.Length == 0)
        {
            return;
        }

        var fault = ServiceFailure.Describe(failure, Timeout.InfiniteTimeSpan);
        failures.Count(cluster.ClusterId, failed.Model.Config.Address, fault);
        LogMoved(
            logger, cluster.ClusterId, failed.Model.Config.Address, fault.Words,
            context.Request.Method, context.Request.Path, context.TraceIdentifier);
        SecondAttempt.Forget(context);
        proxy.AvailableDestinations = others;
        await next(context);
    }

    private static bool MayRepeat(HttpContext context, IForwarderErrorFeature failure) =>
        SecondAttempt.IsSafe(context)
        && !context.Response.HasStarted
        && !context.RequestAborted.IsCancellationRequested
        && failure.Error switch
        {
            ForwarderError.Request or ForwarderError.ResponseBodyDestination => true,
            // One that was silent so long may be so again.
            ForwarderError.RequestTimedOut => ServiceFailure.IsConnectTimeout(failure.Exception),
            _ => false,
        };

    [LoggerMessage(EventId = 3, Level = LogLevel.Warning,
        Message = "The service '{Cluster}' ({Destination}) {Reason}: {Method} {Path} goes to another destination ({RequestId})")]
    private static partial void LogMoved(
        ILogger logger, string cluster, string destination, string reason, string method, PathString path, string requestId);
}
