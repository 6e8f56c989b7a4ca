using System.Net;
using System.Threading.RateLimiting;
using Gateway.Configuration;
using Gateway.Proxying;

namespace Gateway.Boundary.Limits;

/// <summary>Answers 429 to an address that asks more often than <c>RequestsPerSecondPerAddress</c> allows: a token bucket for each,
/// that holds two seconds' worth.</summary>
internal sealed class RequestRate(RequestDelegate next, CurrentConfiguration configuration, LimitLog log) : IDisposable
{
    private readonly Lock _lock = new();
    private volatile Buckets? _buckets;

    public Task InvokeAsync(HttpContext context)
    {
        if (configuration.Value.Gateway.Limits.RequestsPerSecondPerAddress is not { } rate || context.Connection.RemoteIpAddress is not { } client)
        {
            return next(context);
        }

        using var lease = BucketsFor(rate).Limiter.AttemptAcquire(client);
        if (lease.IsAcquired)
        {
            return next(context);
        }

        log.Hit(nameof(LimitOptions.RequestsPerSecondPerAddress), client);
        context.Response.Headers.RetryAfter = "1";
        Refusal.Set(context, StatusCodes.Status429TooManyRequests, cause: "the address asks too often", setting: "Gateway:Limits:" + nameof(LimitOptions.RequestsPerSecondPerAddress));
        return Task.CompletedTask;
    }

    public void Dispose() => _buckets?.Limiter.Dispose();

    private Buckets BucketsFor(int rate)
    {
        if (_buckets is { } buckets && buckets.Rate == rate)
        {
            return buckets;
        }

        lock (_lock)
        {
            // The former ones are left to requests that still hold them.
            return _buckets is { } made && made.Rate == rate ? made : _buckets = new Buckets(rate);
        }
    }

    private sealed class Buckets(int rate)
    {
        public int Rate => rate;

        public PartitionedRateLimiter<IPAddress> Limiter { get; } = PartitionedRateLimiter.Create<IPAddress, ClientNetwork>(
            client => RateLimitPartition.GetTokenBucketLimiter(ClientNetwork.Of(client), _ => new TokenBucketRateLimiterOptions
            {
                TokenLimit = 2 * rate,
                TokensPerPeriod = 1,
                ReplenishmentPeriod = TimeSpan.FromSeconds(1.0 / rate),
                QueueLimit = 0,
                AutoReplenishment = true,
            }));
    }
}
