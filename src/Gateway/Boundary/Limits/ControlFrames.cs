using System.Net;
using Gateway.Configuration;
using Gateway.Platform;
using Microsoft.AspNetCore.Connections;

namespace Gateway.Boundary.Limits;

/// <summary>
/// Ends an HTTP/2 connection whose client sends frames that bring neither a request nor data at a rate that no browser has: SETTINGS,
/// PING, PRIORITY, windows of a byte, empty frames, unknown ones, requests beyond the concurrent ones. They cost him nothing, and Kestrel
/// answers them for as long as he likes. Linux only.
/// </summary>
internal sealed class ControlFrames(CurrentConfiguration configuration, TimeProvider time, LimitLog log)
{
    private const int SecondsAtOnce = 2;

    // Some clients open their windows after each small piece that they have read.
    private const double BytesOfAnswers = 256;

    /// <summary>To be placed behind TLS.</summary>
    public Func<ConnectionDelegate, ConnectionDelegate> Limit => next => connection =>
        ApplicationProtocol.IsHttp2(connection)
        && connection.Features.Get<ReadingClient>() is { } client
        && !(client.Address is { } address && configuration.Value.Gateway.TrustedProxies.Covers(address))
            ? LimitAsync(connection, client, next)
            : next(connection);

    private async Task LimitAsync(ConnectionContext connection, ReadingClient client, ConnectionDelegate next)
    {
        var transport = connection.Transport;
        var budget = new Budget(connection, client, configuration.Value.Gateway.Limits.ControlFramesPerSecond, time);
        connection.Transport = new ReplacedTransport(new CountedFrames(transport.Input, count => Spend(connection, budget, count)), transport.Output);
        try
        {
            await next(connection);
        }
        finally
        {
            connection.Transport = transport;
        }
    }

    private void Spend(ConnectionContext connection, Budget budget, int count)
    {
        if (budget.IsOverdrawnBy(count))
        {
            log.Hit(nameof(LimitOptions.ControlFramesPerSecond), (connection.RemoteEndPoint as IPEndPoint)?.Address);
            ReturningOffenders.Accuse(connection);
            connection.Abort(new ConnectionAbortedException("The client sent too many frames without requests or data."));
        }
    }

    /// <summary>What one connection may still send.</summary>
    private sealed class Budget(ConnectionContext connection, ReadingClient client, int perSecond, TimeProvider time)
    {
        private readonly int _most = perSecond * SecondsAtOnce;
        private TokenBucket _frames = new(perSecond * SecondsAtOnce, time);
        private long _requests;
        private double _spent;
        private bool _isOverdrawn;

        /// <returns>True once.</returns>
        public bool IsOverdrawnBy(int count)
        {
            _frames.Refill(perSecond, _most);
            _frames.Left -= count;
            if (_frames.Left >= 0 || _isOverdrawn)
            {
                return false;
            }

            // The HEADERS of a request that is served are none of these frames.
            var requests = ConnectionState.Find<EarnedRequests>(connection)?.Begun ?? 0;
            _frames.Left += requests - _requests;
            _requests = requests;
            if (_frames.Left >= 0)
            {
                return false;
            }

            // Beyond the rate each frame needs its bytes.
            _spent -= _frames.Left;
            _frames.Left = 0;
            _isOverdrawn = _spent > client.Acknowledged / BytesOfAnswers;
            return _isOverdrawn;
        }
    }
}
