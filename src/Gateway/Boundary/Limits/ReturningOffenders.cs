using System.Collections.Concurrent;
using System.Net;
using System.Net.Security;
using Gateway.Configuration;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Core.Features;

namespace Gateway.Boundary.Limits;

/// <summary>
/// Whoever is thrown out for a flood over HTTP/2 comes back at once, and pays with a handshake for a hundred requests. An address whose
/// connections end so, four at once and then two a second, waits before its next one, a second at most; what it has open goes on.
/// </summary>
internal sealed class ReturningOffenders(CurrentConfiguration configuration, TimeProvider time, LimitLog log)
{
    private const double AtOnce = 4;
    private const double PerSecond = 2;
    private const double Debt = 2;
    private const int MostRemembered = 1000;

    private readonly ConcurrentDictionary<ClientNetwork, Allowance> _offenders = new();

    /// <summary>To be placed before TLS.</summary>
    public Func<ConnectionDelegate, ConnectionDelegate> Wait => next => connection =>
        !_offenders.IsEmpty && ClientOf(connection) is { } client && _offenders.TryGetValue(client, out var allowance)
            ? WaitAsync(connection, client, allowance, next)
            : next(connection);

    /// <summary>To be placed behind TLS.</summary>
    public Func<ConnectionDelegate, ConnectionDelegate> Watch => next => connection =>
        connection.Features.Get<ISslStreamFeature>()?.SslStream.NegotiatedApplicationProtocol == SslApplicationProtocol.Http2 && ClientOf(connection) is { } client
            ? WatchAsync(connection, client, next)
            : next(connection);

    private async Task WaitAsync(ConnectionContext connection, ClientNetwork client, Allowance allowance, ConnectionDelegate next)
    {
        var seconds = allowance.SecondsToWait(time);
        if (seconds < 0)
        {
            _offenders.TryRemove(KeyValuePair.Create(client, allowance));
        }
        else if (seconds > 0)
        {
            log.Hit("HTTP/2 (waits before it comes back)", (connection.RemoteEndPoint as IPEndPoint)?.Address);
            await Task.Delay(TimeSpan.FromSeconds(seconds), time, connection.ConnectionClosed).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        await next(connection);
    }

    private async Task WatchAsync(ConnectionContext connection, ClientNetwork client, ConnectionDelegate next)
    {
        try
        {
            await next(connection);
        }
        finally
        {
            // One without any request was ended for its frames, unless the client itself has left.
            var requests = connection.Items.TryGetValue(typeof(EarnedRequests), out var found) ? found as EarnedRequests : null;
            if (requests?.HaveEndedBadly ?? !connection.ConnectionClosed.IsCancellationRequested)
            {
                _offenders.GetOrAdd(client, static _ => new Allowance()).Spend(time);
                ForgetOldOnes();
            }
        }
    }

    // After three seconds there is nothing left to remember of anybody.
    private void ForgetOldOnes()
    {
        if (_offenders.Count <= MostRemembered)
        {
            return;
        }

        foreach (var offender in _offenders)
        {
            if (offender.Value.SecondsToWait(time) < 0)
            {
                _offenders.TryRemove(offender);
            }
        }
    }

    private ClientNetwork? ClientOf(ConnectionContext connection) =>
        connection.RemoteEndPoint is IPEndPoint { Address: var peer } && !configuration.Value.Gateway.TrustedProxies.Covers(peer) ? ClientNetwork.Of(peer) : null;

    /// <summary>What one address may still do.</summary>
    private sealed class Allowance
    {
        private readonly Lock _lock = new();
        private double _left = AtOnce;
        private long _since;

        public void Spend(TimeProvider time)
        {
            lock (_lock)
            {
                Refill(time);
                _left = Math.Max(-Debt, _left - 1);
            }
        }

        /// <returns>Less than zero: nothing is left of it.</returns>
        public double SecondsToWait(TimeProvider time)
        {
            lock (_lock)
            {
                Refill(time);
                return _left >= AtOnce ? -1 : Math.Max(0, -_left / PerSecond);
            }
        }

        private void Refill(TimeProvider time)
        {
            var now = time.GetTimestamp();
            _left = _since == 0 ? AtOnce : Math.Min(AtOnce, _left + (time.GetElapsedTime(_since, now).TotalSeconds * PerSecond));
            _since = now;
        }
    }
}
