using System.Buffers;
using Gateway.Platform;
using Yarp.ReverseProxy.Forwarder;

namespace Gateway.Proxying;

/// <summary>
/// Carries the bytes of an open WebSocket both ways until a side ends. YARP's own relay would keep all of the handshake for as long as
/// the call lasts.
/// </summary>
internal sealed class WebSocketRelay : IForwarderErrorFeature, IDisposable
{
    private const int BufferSize = 64 * 1024;

    // However fast it comes, the event loop's other sockets have their turn after as many.
    private const int TurnsInEventLoop = 64;

    private readonly WebSocketClient _client;
    private readonly ITunnelEnd _service;
    private readonly CancellationTokenSource _ending;
    private readonly IdleWatch? _watch;
    private Outcome? _first;
    private Outcome? _second;
    private bool _isIdle;

    /// <param name="tunnel">What it is about.</param>
    /// <param name="client">Its one side.</param>
    /// <param name="service">Its other side.</param>
    /// <param name="time">Of the idle timeout.</param>
    /// <param name="idleTimeout">Ends it when for so long neither side sends; null: never.</param>
    /// <param name="aborted">Ends it at once.</param>
    public WebSocketRelay(WebSocketTunnel tunnel, WebSocketClient client, ITunnelEnd service, TimeProvider time, TimeSpan? idleTimeout, CancellationToken aborted)
    {
        (_client, _service) = (client, service);
        _ending = CancellationTokenSource.CreateLinkedTokenSource(aborted, tunnel.Cancellation);
        _watch = idleTimeout is { } limit ? new IdleWatch(tunnel, limit, time, EndIdle) : null;
    }

    /// <summary>How it ended, in YARP's terms; once both directions have.</summary>
    public ForwarderError Error => Decisive.Error;

    public Exception? Exception => Decisive.Exception;

    // A client that has ended leaves the service time for its answer, and that decides.
    private Outcome Decisive => _first is { IsOfRequest: true, Error: ForwarderError.None } ? _second! : _first!;

    /// <summary>Carries until a side ends.</summary>
    /// <returns>The two directions; it is over when both are.</returns>
    public (Task Request, Task Response) Begin() =>
        (CarryAsync(_client, _service, isRequest: true), CarryAsync(_service, _client, isRequest: false));

    public void Dispose()
    {
        _watch?.Dispose();
        _ending.Dispose();
    }

    private void EndIdle()
    {
        _isIdle = true;
        try
        {
            _ending.Cancel();
        }
        catch (ObjectDisposedException)
        {
            // It ended in this moment.
        }
    }

    private async Task CarryAsync(ITunnelEnd input, ITunnelEnd output, bool isRequest)
    {
        var (end, failure) = (End.InputFailed, (Exception?)null);
        byte[]? buffer = null;
        try
        {
            for (var turn = 1; ; turn++)
            {
                _ending.Token.ThrowIfCancellationRequested();
                if (turn % TurnsInEventLoop == 0)
                {
                    await EventLoop.LeaveAsync();
                }

                // Who is silent needs no buffer.
                var waiting = input.WaitAsync(_ending.Token);
                if (!waiting.IsCompleted)
                {
                    Return(ref buffer);
                }

                try
                {
                    await waiting;
                }
                catch (Exception) when (isRequest && !_ending.IsCancellationRequested)
                {
                    // The gateway closes the call, or the client has gone: the read says what is left.
                }

                buffer ??= ArrayPool<byte>.Shared.Rent(BufferSize);
                var read = await input.ReadAsync(buffer, _ending.Token);
                if (read < 0)
                {
                    continue;
                }

                if (read == 0)
                {
                    end = End.OfInput;
                    break;
                }

                end = End.OutputFailed;
                await output.WriteAsync(buffer.AsMemory(0, read), _ending.Token);
                end = End.InputFailed;
            }
        }
        catch (Exception exception)
        {
            end = exception is OperationCanceledException || _ending.IsCancellationRequested ? End.Canceled : end;
            failure = exception;
        }

        Return(ref buffer);
        Note(new Outcome(isRequest, ErrorOf(end, isRequest), failure));
    }

    private void Note(Outcome outcome)
    {
        if (Interlocked.CompareExchange(ref _first, outcome, null) is not null)
        {
            _second = outcome;
        }
        else if (!outcome.IsOfRequest || outcome.Error != ForwarderError.None)
        {
            _ending.Cancel();
        }
    }

    private ForwarderError ErrorOf(End end, bool isRequest) => end switch
    {
        End.OfInput => ForwarderError.None,
        End.Canceled when _isIdle => ForwarderError.UpgradeActivityTimeout,
        End.Canceled => isRequest ? ForwarderError.UpgradeRequestCanceled : ForwarderError.UpgradeResponseCanceled,
        End.InputFailed => isRequest ? ForwarderError.UpgradeRequestClient : ForwarderError.UpgradeResponseDestination,
        _ => isRequest ? ForwarderError.UpgradeRequestDestination : ForwarderError.UpgradeResponseClient,
    };

    private static void Return(ref byte[]? buffer)
    {
        if (buffer is not null)
        {
            ArrayPool<byte>.Shared.Return(buffer);
            buffer = null;
        }
    }

    private enum End
    {
        OfInput,
        InputFailed,
        OutputFailed,
        Canceled,
    }

    private sealed record Outcome(bool IsOfRequest, ForwarderError Error, Exception? Exception);

    /// <summary>Looks when the silence would be too long if it went on.</summary>
    private sealed class IdleWatch : IDisposable
    {
        private readonly WebSocketTunnel _tunnel;
        private readonly TimeSpan _limit;
        private readonly Action _onIdle;
        private readonly ITimer _timer;

        public IdleWatch(WebSocketTunnel tunnel, TimeSpan limit, TimeProvider time, Action onIdle)
        {
            (_tunnel, _limit, _onIdle) = (tunnel, limit, onIdle);
            _timer = time.CreateTimer(static watch => ((IdleWatch)watch!).Look(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
            _timer.Change(limit, Timeout.InfiniteTimeSpan);
        }

        public void Dispose() => _timer.Dispose();

        private void Look()
        {
            var left = _limit - _tunnel.Silence.Now;
            if (left <= TimeSpan.Zero)
            {
                _onIdle();
            }
            else
            {
                _timer.Change(left, Timeout.InfiniteTimeSpan);
            }
        }
    }
}
