using System.Net;
using Gateway.Configuration;
using Microsoft.AspNetCore.Connections.Features;

namespace Gateway.Boundary.Limits;

/// <summary>
/// An HTTP/2 connection earns its concurrent requests, as TCP earns its window: sixteen at first, one more for each that ended well. The
/// others wait, a second at most. A browser notices nothing; who opens all he can and is thrown out for it, again and again, costs
/// sixteen requests' buffers each time and not a hundred's.
/// </summary>
internal sealed class SlowStart
{
    private const int AtFirst = 16;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);

    private readonly RequestDelegate _next;
    private readonly TimeProvider _time;
    private readonly Func<HttpContext, Streams> _begin;

    public SlowStart(RequestDelegate next, CurrentConfiguration configuration, TimeProvider time)
    {
        (_next, _time) = (next, time);
        // A proxy brings the requests of many clients.
        _begin = context => new Streams(isUnlimited: PeerOf(context) is { } peer && configuration.Value.Gateway.TrustedProxies.Covers(peer));
    }

    public Task InvokeAsync(HttpContext context) =>
        HttpProtocol.IsHttp2(context.Request.Protocol) && ConnectionState.Of(context, _begin) is { } streams
            ? ServeAsync(context, streams)
            : _next(context);

    private static IPAddress? PeerOf(HttpContext context) => (context.Features.Get<IConnectionEndPointFeature>()?.RemoteEndPoint as IPEndPoint)?.Address;

    private async Task ServeAsync(HttpContext context, Streams streams)
    {
        if (!streams.TryEnter() && !await streams.WaitAsync(Patience, _time, context.RequestAborted))
        {
            return;
        }

        try
        {
            await _next(context);
        }
        finally
        {
            streams.Leave(hasEndedWell: !context.RequestAborted.IsCancellationRequested);
        }
    }

    /// <summary>The requests of one connection.</summary>
    private sealed class Streams(bool isUnlimited)
    {
        private readonly Lock _lock = new();
        private readonly LinkedList<TaskCompletionSource<bool>> _waiting = [];
        private int _served;
        private int _earned = isUnlimited ? int.MaxValue : AtFirst;

        public bool TryEnter()
        {
            lock (_lock)
            {
                if (_served >= _earned)
                {
                    return false;
                }

                _served++;
                return true;
            }
        }

        /// <returns>False when the client took the request back meanwhile.</returns>
        public async Task<bool> WaitAsync(TimeSpan patience, TimeProvider time, CancellationToken aborted)
        {
            var turn = new LinkedListNode<TaskCompletionSource<bool>>(new(TaskCreationOptions.RunContinuationsAsynchronously));
            lock (_lock)
            {
                _waiting.AddLast(turn);
                Admit();
            }

            await using var timer = time.CreateTimer(_ => End(turn, isServed: true), null, patience, Timeout.InfiniteTimeSpan);
            await using var abort = aborted.Register(() => End(turn, isServed: false));
            return await turn.Value.Task;
        }

        public void Leave(bool hasEndedWell)
        {
            lock (_lock)
            {
                _served--;
                if (hasEndedWell && _earned < int.MaxValue)
                {
                    _earned++;
                }

                Admit();
            }
        }

        private void Admit()
        {
            while (_served < _earned && _waiting.First is { } first)
            {
                _served++;
                _waiting.RemoveFirst();
                first.Value.SetResult(true);
            }
        }

        // Who has waited for a second, and the connection still stands, has earned it too: answers that take long are no crime.
        private void End(LinkedListNode<TaskCompletionSource<bool>> turn, bool isServed)
        {
            lock (_lock)
            {
                if (turn.List is null)
                {
                    return;
                }

                _waiting.Remove(turn);
                (_served, _earned) = isServed ? (_served + 1, _earned + 1) : (_served, _earned);
            }

            turn.Value.SetResult(isServed);
        }
    }
}
