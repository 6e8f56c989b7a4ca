namespace Gateway.Observability;

/// <summary>Records of requests as events of the log, wherever it goes.</summary>
internal sealed partial class LoggedRequests(ILogger<AccessLog> logger) : IRequestLog
{
    public void Write(in AccessRecord record) => LogRequest(
        logger, record.Client, record.Method, record.Host, record.Path, record.Status, record.Bytes, Math.Round(record.Duration.TotalMilliseconds, 1),
        record.Route ?? AccessRecord.None, record.Destination ?? AccessRecord.None, record.Protocol, record.RequestId);

    [LoggerMessage(EventId = 10, Level = LogLevel.Information,
        Message = "{Client} {Method} {Host}{Path} {StatusCode} {Bytes} B {Duration} ms {Route} {Destination} {Protocol} {RequestId}")]
    private static partial void LogRequest(
        ILogger logger, string? client, string method, string host, string path, int statusCode, long bytes, double duration,
        string route, string destination, string protocol, string requestId);
}
