using System.Buffers;
using Yarp.ReverseProxy.Forwarder;

namespace Gateway.Proxying;

/// <summary>
/// Carries the bytes of an open WebSocket both ways until a side ends. YARP's own relay would keep all of the handshake for as long as
/// the call lasts.
/// </summary>
internal sealed class WebSocketRelay(WebSocketTunnel tunnel, WebSocketStream client, Stream service, TimeProvider time) : IForwarderErrorFeature
{
    private const int BufferSize = 64 * 1024;

    private bool _isIdle;

    public ForwarderError Error { get; private set; }

    public Exception? Exception { get; private set; }

    /// <summary>Carries until a side ends.</summary>
    /// <param name="idleTimeout">Ends it when for so long neither side sends; null: never.</param>
    /// <param name="aborted">Ends it at once.</param>
    /// <returns>How it ended, in YARP's terms.</returns>
    public async Task<ForwarderError> RunAsync(TimeSpan? idleTimeout, CancellationToken aborted)
    {
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(aborted, tunnel.Cancellation);
        using var watch = idleTimeout is { } limit ? new IdleWatch(tunnel, limit, time, () => EndIdle(ending)) : null;
        // HttpClient's streams over HTTP/2 hold back what is written.
        var request = CopyAsync(client, service, isFlushed: true, ending.Token);
        var response = CopyAsync(service, client, isFlushed: false, ending.Token);
        var isOfRequest = await Task.WhenAny(request, response) == request;
        var (first, second) = isOfRequest ? (request, response) : (response, request);
        Note(isOfRequest, await first);
        if (Error != ForwarderError.None)
        {
            ending.Cancel();
            await second;
        }
        else if (isOfRequest)
        {
            // A client that has ended leaves the service time for its answer.
            Note(isRequest: false, await second);
        }
        else
        {
            ending.Cancel();
            await second;
        }

        return Error;
    }

    private void EndIdle(CancellationTokenSource ending)
    {
        _isIdle = true;
        try
        {
            ending.Cancel();
        }
        catch (ObjectDisposedException)
        {
            // It ended in this moment.
        }
    }

    private void Note(bool isRequest, Outcome outcome) => (Error, Exception) = (outcome.End switch
    {
        End.OfInput => ForwarderError.None,
        End.Canceled when _isIdle => ForwarderError.UpgradeActivityTimeout,
        End.Canceled => isRequest ? ForwarderError.UpgradeRequestCanceled : ForwarderError.UpgradeResponseCanceled,
        End.InputFailed => isRequest ? ForwarderError.UpgradeRequestClient : ForwarderError.UpgradeResponseDestination,
        _ => isRequest ? ForwarderError.UpgradeRequestDestination : ForwarderError.UpgradeResponseClient,
    }, outcome.Exception);

    private static async Task<Outcome> CopyAsync(Stream input, Stream output, bool isFlushed, CancellationToken ending)
    {
        var end = End.InputFailed;
        byte[]? buffer = null;
        try
        {
            while (true)
            {
                // Asks whether there is anything: who is silent needs no buffer.
                var asking = input.ReadAsync(Memory<byte>.Empty, ending);
                if (asking.IsCompletedSuccessfully)
                {
                    _ = asking.Result;
                }
                else
                {
                    Return(ref buffer);
                    _ = await asking;
                }

                buffer ??= ArrayPool<byte>.Shared.Rent(BufferSize);
                var read = await input.ReadAsync(buffer, ending);
                if (read == 0)
                {
                    return new Outcome(End.OfInput, null);
                }

                end = End.OutputFailed;
                await output.WriteAsync(buffer.AsMemory(0, read), ending);
                if (isFlushed)
                {
                    await output.FlushAsync(ending);
                }

                end = End.InputFailed;
            }
        }
        catch (Exception exception)
        {
            return new Outcome(exception is OperationCanceledException || ending.IsCancellationRequested ? End.Canceled : end, exception);
        }
        finally
        {
            Return(ref buffer);
        }
    }

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

    private sealed record Outcome(End End, Exception? Exception);

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
            var left = _limit - _tunnel.Silence;
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
