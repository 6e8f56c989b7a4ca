using System.Collections.Concurrent;
using System.Net;
using Gateway.Configuration;
using Microsoft.AspNetCore.Connections;

namespace Gateway.Boundary.Limits;

/// <summary>
/// Whoever is thrown out for a flood over HTTP/2 comes back at once, and pays with a handshake for a hundred requests. An address whose
/// connections end so, four at once and then one in two seconds, waits before its next one over HTTP/2, two seconds at most; what it has
/// open goes on.
/// </summary>
internal sealed class ReturningOffenders(CurrentConfiguration configuration, TimeProvider time, LimitLog log)
{
    private const double AtOnce = 4;
    private const double PerSecond = 0.5;
    private const double Debt = 1;
    private const int MostRemembered = 1000;

    private readonly ConcurrentDictionary<ClientNetwork, Allowance> _offenders = new();

    /// <summary>To be placed behind TLS.</summary>
    public Func<ConnectionDelegate, ConnectionDelegate> Middleware => next => connection =>
        ApplicationProtocol.IsHttp2(connection) && ClientOf(connection) is { } client
            ? ServeAsync(connection, client, next)
            : next(connection);

    /// <summary>Says of a connection that it is ended for what its client does; before that, since the client may be back at once.</summary>
    public static void Accuse(ConnectionContext connection)
    {
        if (connection.Items.TryGetValue(typeof(ReturningOffenders), out var spend))
        {
            ((Action)spend!)();
        }
    }

    private async Task ServeAsync(ConnectionContext connection, ClientNetwork client, ConnectionDelegate next)
    {
        await WaitAsync(connection, client);
        var isSpent = 0;
        connection.Items[typeof(ReturningOffenders)] = (Action)Spend;
        try
        {
            // When the client sees the end its requests have not ended yet.
            await using var end = connection.ConnectionClosed.Register(SpendIfOffended);
            await next(connection);
        }
        finally
        {
            SpendIfOffended();
        }

        void SpendIfOffended()
        {
            if (HasOffended(connection))
            {
                Spend();
            }
        }

        void Spend()
        {
            if (Interlocked.Exchange(ref isSpent, 1) == 0)
            {
                _offenders.GetOrAdd(client, static (_, time) => new Allowance(time), time).Spend();
                ForgetOldOnes();
            }
        }
    }

    private async Task WaitAsync(ConnectionContext connection, ClientNetwork client)
    {
        if (!_offenders.TryGetValue(client, out var allowance))
        {
            return;
        }

        var seconds = allowance.SecondsToWait();
        if (seconds < 0)
        {
            _offenders.TryRemove(KeyValuePair.Create(client, allowance));
        }
        else if (seconds > 0)
        {
            log.Hit("HTTP/2 (waits before it comes back)", (connection.RemoteEndPoint as IPEndPoint)?.Address);
            await Task.Delay(TimeSpan.FromSeconds(seconds), time, connection.ConnectionClosed).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    // Kestrel's word is there before its requests have ended. A connection that a browser only held ready is none.
    private static bool HasOffended(ConnectionContext connection) =>
        ServerEndings.IsOffence(connection) || ConnectionState.Find<EarnedRequests>(connection)?.HaveEndedBadly == true;

    // After ten seconds there is nothing left to remember of anybody.
    private void ForgetOldOnes()
    {
        if (_offenders.Count <= MostRemembered)
        {
            return;
        }

        foreach (var offender in _offenders)
        {
            if (offender.Value.SecondsToWait() < 0)
            {
                _offenders.TryRemove(offender);
            }
        }
    }

    private ClientNetwork? ClientOf(ConnectionContext connection) =>
        connection.RemoteEndPoint is IPEndPoint { Address: var peer } && !configuration.Value.Gateway.TrustedProxies.Covers(peer) ? ClientNetwork.Of(peer) : null;

    /// <summary>What one address may still do.</summary>
    private sealed class Allowance(TimeProvider time)
    {
        private readonly Lock _lock = new();
        private TokenBucket _ends = new(AtOnce, time);

        public void Spend()
        {
            lock (_lock)
            {
                _ends.Refill(PerSecond, AtOnce);
                _ends.Left = Math.Max(-Debt, _ends.Left - 1);
            }
        }

        /// <returns>Less than zero: nothing is left of it.</returns>
        public double SecondsToWait()
        {
            lock (_lock)
            {
                _ends.Refill(PerSecond, AtOnce);
                return _ends.Left >= AtOnce ? -1 : Math.Max(0, -_ends.Left / PerSecond);
            }
        }
    }
}
