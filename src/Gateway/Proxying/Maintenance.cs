using Gateway.Configuration;

namespace Gateway.Proxying;

/// <summary>While a certain file exists, new requests get 503 and what is under way goes on. The file's text, if there is any, is the
/// page that browsers see.</summary>
/// <param name="next">The rest of the pipeline.</param>
/// <param name="configuration">Names the file.</param>
/// <param name="fallback">The file where the configuration names none.</param>
/// <param name="time">Clock of the looks at the file.</param>
/// <param name="logger">Told when it begins and ends.</param>
internal sealed partial class Maintenance(RequestDelegate next, CurrentConfiguration configuration, string fallback, TimeProvider time, ILogger<Maintenance> logger)
{
    /// <summary>The file's name in the state directory.</summary>
    public const string FileName = "maintenance";

    // A person who turns it on or off does not notice it, and no request pays for it.
    private static readonly TimeSpan Period = TimeSpan.FromSeconds(1);

    private readonly Lock _lock = new();
    private long? _lookedAt;
    private bool _isOn;

    public Task InvokeAsync(HttpContext context)
    {
        if (!IsOn())
        {
            return next(context);
        }

        context.Features.Set(new MaintenanceNotice(File));
        context.Response.Headers.RetryAfter = "60";
        Refusal.Set(context, StatusCodes.Status503ServiceUnavailable, cause: "maintenance is on", setting: "Gateway:Maintenance");
        return Task.CompletedTask;
    }

    private string File => configuration.Value.Gateway.Maintenance ?? fallback;

    private bool IsOn()
    {
        if (_lookedAt is { } at && time.GetElapsedTime(at) < Period)
        {
            return _isOn;
        }

        lock (_lock)
        {
            var isOn = System.IO.File.Exists(File);
            if (isOn != _isOn)
            {
                LogChanged(logger, isOn ? "on: new requests get 503 while the file exists, open WebSockets go on" : "off", File);
            }

            (_isOn, _lookedAt) = (isOn, time.GetTimestamp());
            return isOn;
        }
    }

    [LoggerMessage(EventId = 150, Level = LogLevel.Warning, Message = "Maintenance is {State} ({File})")]
    private static partial void LogChanged(ILogger logger, string state, string file);
}

/// <summary>Marks a response as one of maintenance.</summary>
/// <param name="File">Whose text is the page.</param>
internal sealed record MaintenanceNotice(string File);
