using System.Diagnostics;
using Gateway.Configuration;
using Microsoft.AspNetCore.Http.Features;

namespace Gateway.Boundary.Limits;

/// <summary>Counts what Kestrel refuses by itself, before any middleware runs.</summary>
internal sealed class ServerRefusals(DiagnosticListener listener, LimitLog log) : IHostedService, IObserver<KeyValuePair<string, object?>>
{
    private const string BadRequest = "Microsoft.AspNetCore.Server.Kestrel.BadRequest";

    private IDisposable? _subscription;

    public Task StartAsync(CancellationToken cancellationToken)
    {
        _subscription = listener.Subscribe(this, static (name, _, _) => name == BadRequest);
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken)
    {
        _subscription?.Dispose();
        return Task.CompletedTask;
    }

    public void OnNext(KeyValuePair<string, object?> value)
    {
        if (value is { Key: BadRequest, Value: IFeatureCollection features }
            && features.Get<IBadRequestExceptionFeature>()?.Error is BadHttpRequestException error
            && LimitOf(error.StatusCode) is { } limit)
        {
            log.Hit(limit, features.Get<IHttpConnectionFeature>()?.RemoteIpAddress);
        }
    }

    public void OnCompleted()
    {
    }

    public void OnError(Exception error)
    {
    }

    private static string? LimitOf(int statusCode) => statusCode switch
    {
        StatusCodes.Status408RequestTimeout => nameof(LimitOptions.RequestHeadersTimeout),
        StatusCodes.Status414UriTooLong => nameof(LimitOptions.MaxRequestLineSize),
        StatusCodes.Status431RequestHeaderFieldsTooLarge => nameof(LimitOptions.MaxRequestHeadersSize),
        _ => null,
    };
}
