using Gateway.Platform;
using Yarp.ReverseProxy.Forwarder;

namespace Gateway.Proxying;

/// <summary>What becomes of a request whose forwarding has failed for good, by whichever way it went.</summary>
internal sealed class FailedForwarding(DescriptorAlarm descriptors)
{
    /// <param name="context">With what the forwarder says of it.</param>
    /// <param name="error">The same.</param>
    /// <returns>What it counts as: nothing where it is not the service's fault.</returns>
    public ForwarderError Settle(HttpContext context, ForwarderError error)
    {
        if (RouteTimeout.IsOver(context))
        {
            return RouteTimeout.End(context, error);
        }

        if (!context.Response.HasStarted && ServiceFailure.IsOutOfDescriptors(context.Features.Find<IForwarderErrorFeature>()?.Exception))
        {
            // It must not count against the service's health.
            descriptors.Raise();
            SecondAttempt.Forget(context);
            context.Response.Headers.RetryAfter = "1";
            Refusal.Set(context, StatusCodes.Status503ServiceUnavailable);
            return ForwarderError.None;
        }

        return error;
    }
}
