using System.Collections.Concurrent;
using System.Net;

namespace Gateway.Boundary.Limits;

/// <summary>Says which limits were hit: the first time at once, then as a count once a minute, so that an attack does not fill the log.</summary>
internal sealed partial class LimitLog(TimeProvider time, ILogger<LimitLog> logger) : BackgroundService
{
    private const string Section = "Gateway:Limits:";

    private static readonly TimeSpan Period = TimeSpan.FromMinutes(1);

    private readonly ConcurrentDictionary<string, Hits> _hits = new();

    /// <summary>How often each limit was hit since the start, by its key below <c>Gateway:Limits</c> or Kestrel's word.</summary>
    public IReadOnlyDictionary<string, long> Totals =>
        _hits.ToDictionary(pair => pair.Key.StartsWith(Section, StringComparison.Ordinal) ? pair.Key[Section.Length..] : pair.Key, pair => pair.Value.Total);

    /// <param name="limit">The key below <c>Gateway:Limits</c>, or Kestrel's word for a limit that has none.</param>
    /// <param name="client">Who ran into it; null where that is not known.</param>
    public void Hit(string limit, IPAddress? client)
    {
        limit = limit.StartsWith("HTTP/2", StringComparison.Ordinal) ? limit : Section + limit;
        var hits = _hits.GetOrAdd(limit, static _ => new Hits());
        if (hits.Add(client))
        {
            LogFirst(logger, limit, client as object ?? "a client");
        }
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Period, time);
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            foreach (var (limit, hits) in _hits)
            {
                var (count, last) = hits.Take();
                if (count > 0)
                {
                    LogMore(logger, limit, count, last as object ?? "a client");
                }
            }
        }
    }

    /// <summary>Hits of one limit since the log told of it.</summary>
    private sealed class Hits
    {
        private readonly Lock _lock = new();
        private bool _isTold;
        private long _count;
        private long _total;
        private IPAddress? _last;

        public long Total => Volatile.Read(ref _total);

        /// <returns>True when it has to be told now.</returns>
        public bool Add(IPAddress? client)
        {
            lock (_lock)
            {
                _last = client;
                _total++;
                _count += _isTold ? 1 : 0;
                var isFirst = !_isTold;
                _isTold = true;
                return isFirst;
            }
        }

        /// <summary>A minute without a hit makes the next one a first one again.</summary>
        public (long Count, IPAddress? Last) Take()
        {
            lock (_lock)
            {
                var taken = (_count, _last);
                _isTold = _count > 0;
                _count = 0;
                return taken;
            }
        }
    }

    [LoggerMessage(EventId = 1, Level = LogLevel.Warning, Message = "{Limit} was reached by {Client}. From now on it is counted, and told once a minute")]
    private static partial void LogFirst(ILogger logger, string limit, object client);

    [LoggerMessage(EventId = 2, Level = LogLevel.Warning, Message = "{Limit} was reached {Count} times in the last minute, last by {Client}")]
    private static partial void LogMore(ILogger logger, string limit, long count, object client);
}
