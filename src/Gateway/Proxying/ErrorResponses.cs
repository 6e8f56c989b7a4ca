using Gateway.Configuration;
using Gateway.Platform;
using Yarp.ReverseProxy.Forwarder;
using Yarp.ReverseProxy.Model;

namespace Gateway.Proxying;

/// <summary>The one place where a failure becomes a response: a small page for browsers, problem details (RFC 9457) for others, with
/// the request id that stands in the log.</summary>
internal sealed partial class ErrorResponses(
    RequestDelegate next, CurrentConfiguration configuration, RefusedBodies bodies, ServiceFailures failures, ErrorDetail detail, ILogger<ErrorResponses> logger)
{
    public async Task InvokeAsync(HttpContext context)
    {
        var ending = RequestEnding.Watch(context);
        try
        {
            await next(context);
        }
        catch (Exception) when (context.RequestAborted.IsCancellationRequested)
        {
            return;
        }
        catch (BadHttpRequestException exception) when (!context.Response.HasStarted)
        {
            Refusal.Set(context, exception.StatusCode);
        }
        catch (Exception exception) when (!context.Response.HasStarted)
        {
            await EventLoop.LeaveAsync();
            LogUnexpected(logger, exception, context.Request.Method, context.Request.Path, context.TraceIdentifier);
            context.Response.Clear();
            Refusal.Set(context, StatusCodes.Status500InternalServerError);
        }

        var failure = FailureOfService(context, ending);
        if (failure is not null)
        {
            await EventLoop.LeaveAsync();
            LogServiceFailed(logger, failure.Service, failure.Reason, context.Response.StatusCode, context.Request.Method, context.Request.Path, context.TraceIdentifier);
        }

        if (!context.Response.HasStarted && (failure is not null || IsRefusedHere(context)))
        {
            if (context.Response.StatusCode == StatusCodes.Status413PayloadTooLarge)
            {
                bodies.Report(context.Connection.RemoteIpAddress);
            }

            await ErrorPage.WriteAsync(context, Explain(context, failure), configuration.Value.Gateway.ErrorPages);
        }
    }

    private sealed record Failure(string Service, string Reason);

    private Failure? FailureOfService(HttpContext context, RequestEnding ending)
    {
        if (context.Features.Find<IForwarderErrorFeature>() is not { } feature || ending.ClientLeft || (IsOfClient(feature.Error) && !IsUnaskedSwitch(context, feature.Error)))
        {
            return null;
        }

        var proxy = context.Features.Find<IReverseProxyFeature>();
        var destination = proxy?.ProxiedDestination?.Model.Config.Address;
        var service = destination is null ? $"'{proxy?.Cluster.Config.ClusterId}'" : $"'{proxy?.Cluster.Config.ClusterId}' ({destination})";
        var fault = ServiceFailure.Describe(feature, configuration.Value.Gateway.RequestTimeout);
        failures.Count(proxy?.Cluster.Config.ClusterId ?? "", destination, fault);
        return new Failure(service, fault.Words);
    }

    // The client's own body was at fault: nothing to hold against the service. A WebSocket's end is in the access log.
    private static bool IsOfClient(ForwarderError error) =>
        error is ForwarderError.RequestBodyClient or ForwarderError.RequestBodyCanceled or ForwarderError.ResponseBodyClient
            or ForwarderError.UpgradeRequestClient or ForwarderError.UpgradeRequestCanceled or ForwarderError.UpgradeResponseClient
            or ForwarderError.UpgradeResponseCanceled or ForwarderError.UpgradeActivityTimeout or ForwarderError.UpgradeRequestDestination
            or ForwarderError.UpgradeResponseDestination;

    private static bool IsUnaskedSwitch(HttpContext context, ForwarderError error) =>
        error == ForwarderError.UpgradeResponseClient && context.Response.StatusCode == StatusCodes.Status502BadGateway;

    private static bool IsRefusedHere(HttpContext context) =>
        Refusal.IsSet(context)
        || context.Features.Find<IForwarderErrorFeature>() is not null
        || (context.Response.StatusCode >= 400 && context.Features.Find<IReverseProxyFeature>()?.ProxiedDestination is null);

    private string? Explain(HttpContext context, Failure? failure)
    {
        if (context.Response.StatusCode == StatusCodes.Status413PayloadTooLarge)
        {
            return $"Gateway:Limits:MaxRequestBodySize is {configuration.Value.Gateway.MaxRequestBodySize} bytes.";
        }

        if (context.Features.Find<Refusal>()?.Explanation is { } explanation)
        {
            return explanation;
        }

        if (detail == ErrorDetail.Hidden)
        {
            return null;
        }

        return context.Response.StatusCode switch
        {
            _ when failure is not null => $"The service {failure.Service} {failure.Reason}.",
            StatusCodes.Status404NotFound => $"No route matches {context.Request.Method} {context.Request.Path}.",
            StatusCodes.Status421MisdirectedRequest => $"AllowedHosts does not name '{context.Request.Host.Host}'.",
            _ => null,
        };
    }

    [LoggerMessage(EventId = 1, Level = LogLevel.Warning, Message = "The service {Service} {Reason}: answered {StatusCode} to {Method} {Path} ({RequestId})")]
    private static partial void LogServiceFailed(ILogger logger, string service, string reason, int statusCode, string method, PathString path, string requestId);

    [LoggerMessage(EventId = 2, Level = LogLevel.Error, Message = "Unexpected failure, please report it: answered 500 to {Method} {Path} ({RequestId})")]
    private static partial void LogUnexpected(ILogger logger, Exception exception, string method, PathString path, string requestId);
}
