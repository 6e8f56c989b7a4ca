using Gateway.Proxying;

namespace Gateway.Observability;

/// <summary>The WebSockets of one route since the start, those that are open included.</summary>
internal sealed class CallTraffic
{
    private const int MostClosings = 40;

    private readonly Dictionary<CallClosing, long> _closed = [];
    private readonly Lock _lock = new();
    private CallBytes _bytes;

    public long Opened { get; private set; }

    /// <summary>What has passed, as of the last <see cref="OpenCall.Collect"/> of each.</summary>
    public CallBytes Bytes
    {
        get
        {
            lock (_lock)
            {
                return _bytes;
            }
        }
    }

    public IReadOnlyDictionary<CallClosing, long> Closed
    {
        get
        {
            lock (_lock)
            {
                return new Dictionary<CallClosing, long>(_closed);
            }
        }
    }

    public void CountOpened()
    {
        lock (_lock)
        {
            Opened++;
        }
    }

    public void CountClosed(CallClosing closing)
    {
        lock (_lock)
        {
            var key = _closed.ContainsKey(closing) || _closed.Count < MostClosings ? closing : closing.Bounded;
            _closed[key] = _closed.GetValueOrDefault(key) + 1;
        }
    }

    public void Add(CallBytes more)
    {
        lock (_lock)
        {
            _bytes += more;
        }
    }
}

/// <summary>What has passed over WebSockets.</summary>
internal readonly record struct CallBytes(long FromClient, long FromService, long MessagesFromClient, long MessagesFromService)
{
    public static CallBytes Of(WebSocketTunnel call) =>
        new(call.FromClient.Bytes, call.FromService.Bytes, call.FromClient.Messages, call.FromService.Messages);

    public static CallBytes operator +(CallBytes one, CallBytes other) => new(
        one.FromClient + other.FromClient, one.FromService + other.FromService,
        one.MessagesFromClient + other.MessagesFromClient, one.MessagesFromService + other.MessagesFromService);

    public static CallBytes operator -(CallBytes one, CallBytes other) => new(
        one.FromClient - other.FromClient, one.FromService - other.FromService,
        one.MessagesFromClient - other.MessagesFromClient, one.MessagesFromService - other.MessagesFromService);
}
