using System.Net;
using Gateway.Proxying;
using Microsoft.AspNetCore.Connections;

namespace Gateway.Hosting;

/// <summary>The connections of an endpoint that a reload has removed: WebSockets go on for the drain time and then get 1012, and what is
/// left is cut.</summary>
internal sealed partial class EndpointDrain(EndpointListener listener, OpenWebSockets sockets, TimeSpan timeout, TimeProvider time, ILogger<EndpointDrain> logger)
{
    public async Task RunAsync()
    {
        // Those that are idle end of themselves at once.
        var moment = timeout < Drain.CloseTime ? timeout : Drain.CloseTime;
        if (await EndsWithinAsync(moment))
        {
            return;
        }

        LogDraining(logger, listener.EndPoint, listener.Open.Count, timeout);
        await EndsWithinAsync(timeout - moment);

        var connections = listener.Open.Select(c => c.ConnectionId).ToHashSet();
        await OpenWebSockets.RestartAsync([.. sockets.All.Where(call => connections.Contains(call.ConnectionId))], time, CancellationToken.None);
        await EndsWithinAsync(Drain.CloseTime);

        var left = listener.Open;
        foreach (var connection in left)
        {
            connection.Abort(new ConnectionAbortedException("The endpoint was removed and its drain time is up."));
        }

        await listener.Empty;
        LogDrained(logger, listener.EndPoint, left.Count);
    }

    private async Task<bool> EndsWithinAsync(TimeSpan limit)
    {
        if (limit > TimeSpan.Zero)
        {
            using var ended = new CancellationTokenSource();
            await Task.WhenAny(listener.Empty, Task.Delay(limit, time, ended.Token));
            await ended.CancelAsync();
        }

        return listener.Empty.IsCompleted;
    }

    [LoggerMessage(EventId = 122, Level = LogLevel.Information,
        Message = "{Endpoint} was removed or changed: it accepts no more connections; {Open} that are in use may go on for {DrainTimeout}")]
    private static partial void LogDraining(ILogger logger, EndPoint endpoint, int open, TimeSpan drainTimeout);

    [LoggerMessage(EventId = 123, Level = LogLevel.Information, Message = "{Endpoint}: its last connection has ended; {Cut} were cut")]
    private static partial void LogDrained(ILogger logger, EndPoint endpoint, int cut);
}
