using System.Net;
using Gateway.Configuration;
using Gateway.Platform;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;

namespace Gateway.Boundary.Limits;

/// <summary>
/// Ends an HTTP/2 connection that opens requests and aborts them at a rate that no browser has (rapid reset, CVE-2023-44487, and its
/// kin): each costs the services work, and the protocol's limit on concurrent streams does not count what was aborted.
/// </summary>
internal sealed class AbortedRequests(CurrentConfiguration configuration, TimeProvider time, LimitLog log)
{
    private const int SecondsAtOnce = 10;

    /// <summary>A request has ended.</summary>
    public void Note(HttpContext context)
    {
        if (context.RequestAborted.IsCancellationRequested
            && context.Features.Find<IConnectionLifetimeFeature>() is { ConnectionClosed.IsCancellationRequested: false } connection)
        {
            Count(context, connection);
        }
    }

    private void Count(HttpContext context, IConnectionLifetimeFeature connection)
    {
        var perSecond = configuration.Value.Gateway.Limits.AbortedRequestsPerSecond;
        var budget = ConnectionState.Of(context, _ => new Budget(new TokenBucket(perSecond * SecondsAtOnce, time)));
        if (budget?.IsOverdrawnAt(perSecond) == true)
        {
            log.Hit(nameof(LimitOptions.AbortedRequestsPerSecond), context.Connection.RemoteIpAddress);
            connection.Abort();
        }
    }

    /// <summary>What one connection may still abort.</summary>
    private sealed class Budget(TokenBucket requests)
    {
        private readonly Lock _lock = new();
        private TokenBucket _requests = requests;
        private bool _isOverdrawn;

        /// <returns>True once: the connection is at its end, and what else it aborts is no news.</returns>
        public bool IsOverdrawnAt(int perSecond)
        {
            lock (_lock)
            {
                _requests.Refill(perSecond, perSecond * SecondsAtOnce);
                _requests.Left--;
                var wasOverdrawn = _isOverdrawn;
                _isOverdrawn |= _requests.Left < 0;
                return _isOverdrawn && !wasOverdrawn;
            }
        }
    }
}
